"""The feeds: what is asked for, chosen from the index, written in one of several formats, in answers that fit."""
