import webmentions from "@chrisburnell/eleventy-cache-webmentions";

const bridge = process.env.LINKBACK_BASE || "http://127.0.0.1:8787"; // your bridge
const domain = process.env.LINKBACK_DOMAIN || "127.0.0.1:8788"; // your site's host

// The path of a page, without a slash at its end.
const pathOf = (address) => new URL(address, `https://${domain}`).pathname.replace(/\/+$/, "");

export default function (config) {
  config.addPlugin(webmentions, {
    domain: `https://${domain}`,
    feed: `${bridge}/api/mentions.jf2?domain=${encodeURIComponent(domain)}`,
    key: "children",
    duration: "0s", // each build asks; what it cannot get it has in .cache
  });
  config.addGlobalData("bridge", bridge);
  // By the page that is meant: wm-target is the address that the stranger used, which may be an older one.
  config.addFilter("ofPage", (mentions, url) =>
    mentions.filter((mention) => pathOf(`https://${mention["wm-page"]}`) === pathOf(url)),
  );
  config.addFilter("day", (date) => new Date(date).toISOString().slice(0, 10));
  config.addFilter("longDay", (date) =>
    new Date(date).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" }),
  );
  config.addPassthroughCopy("src/style.css");
  return { dir: { input: "src" }, markdownTemplateEngine: "njk" };
}
