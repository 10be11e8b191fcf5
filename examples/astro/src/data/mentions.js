import { mkdir, readFile, writeFile } from "node:fs/promises";

export const bridge = process.env.LINKBACK_BASE || "http://127.0.0.1:8787"; // your bridge
const domain = process.env.LINKBACK_DOMAIN || "127.0.0.1:8788"; // your site's host
const kept = ".cache/mentions.json"; // the last answer, for a build that cannot reach the bridge

// Every mention of the site, newest first: a feed ends at some length and says where it goes on.
async function ask() {
  const found = [];
  let url = `${bridge}/api/mentions.jf2?domain=${encodeURIComponent(domain)}`;
  while (url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    found.push(...(await answer.json()).children);
    const next = /<([^>]+)>; *rel="next"/.exec(answer.headers.get("link") ?? "");
    url = next && new URL(next[1], url).href;
  }
  return found;
}

async function read() {
  try {
    const found = await ask();
    await mkdir(".cache", { recursive: true });
    await writeFile(kept, JSON.stringify(found));
    return found;
  } catch (error) {
    const found = await readFile(kept, "utf-8").catch(() => {
      throw error; // a site that has lost its mentions is worse than none built
    });
    console.warn(`The bridge could not be read (${error.cause?.code ?? error.message}): its last answer is used.`);
    return JSON.parse(found);
  }
}

// The path of a page, without a slash at its end.
const pathOf = (address) => new URL(address, "https://site.invalid").pathname.replace(/\/+$/, "");

const mentions = await read();

// By the page that is meant: wm-target is the address that the stranger used, which may be an older one.
export const mentionsOf = (page) =>
  mentions.filter((mention) => pathOf(`https://${mention["wm-page"]}`) === pathOf(page));
