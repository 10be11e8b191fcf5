"""verify as it ships (its app.py is `shipped` here), told of the tests' own pages."""

from __future__ import annotations

import os

import shipped
from addresses import permit, resolve, says_nothing

handler = shipped.connect(os.environ, permit=permit, resolve=resolve, permitted=says_nothing)
