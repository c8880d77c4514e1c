// Builds the pages into the folders that the daemon serves. `--watch` rebuilds on change.
import { cp, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, context } from "esbuild";

const root = fileURLToPath(new URL(".", import.meta.url));
const built = fileURLToPath(new URL("../daemon/householdd/static/", import.meta.url));
const common = { bundle: true, minify: true, absWorkingDir: root, target: ["es2022"], charset: "utf8", logLevel: "warning" };
// The oldest with `color-mix()`; nested rules are newer.
const styles = { target: ["chrome111", "firefox113", "safari16.2"] };

/** Prefix of language files, of which a reader loads one. */
const languagePrefix = "text-";

/** Preview for links to the page, which no visitor loads. */
const preview = "card.png";

const pages = [
  {
    name: "page",
    files: ["page/index.html", "page/icon.svg", `page/${preview}`],
    // Load of a customer's phone: everything, with one language.
    budgetBytes: 64_000,
    bundles: [
      { entryPoints: { app: "src/page/main.ts" }, format: "esm", splitting: true, chunkNames: `${languagePrefix}[name]` },
      // A classic script: module workers need newer browsers than modules.
      { entryPoints: { worker: "src/worker/main.ts" }, format: "iife" },
      { entryPoints: { check: "page/check.js" }, format: "iife", target: ["es5"] },
      { entryPoints: { style: "page/style.css" }, ...styles },
    ],
  },
  {
    name: "dashboard",
    files: ["dashboard/index.html", "page/icon.svg"],
    budgetBytes: 50_000,
    bundles: [
      { entryPoints: { dashboard: "src/dashboard/main.ts" }, format: "esm" },
      { entryPoints: { style: "dashboard/style.css" }, ...styles },
    ],
  },
];

/** Return the size of all that a reader loads, in the largest language. */
async function sizeGzipped(folder) {
  let common = 0;
  let language = 0;
  for (const name of await readdir(folder)) {
    if (name === preview) continue;
    const size = gzipSync(await readFile(folder + name)).length;
    if (name.startsWith(languagePrefix)) language = Math.max(language, size);
    else common += size;
  }
  return common + language;
}

await rm(built, { recursive: true, force: true });
for (const { name, files, budgetBytes, bundles } of pages) {
  const outdir = `${built}${name}/`;
  await mkdir(outdir, { recursive: true });
  for (const file of files) await cp(root + file, outdir + file.slice(file.lastIndexOf("/") + 1));
  const options = bundles.map((bundle) => ({ ...common, outdir, ...bundle }));
  if (process.argv.includes("--watch")) {
    await Promise.all(options.map(async (each) => (await context(each)).watch()));
    continue;
  }
  await Promise.all(options.map((each) => build(each)));
  const size = await sizeGzipped(outdir);
  console.log(`${name}: ${size} bytes gzipped of at most ${budgetBytes}`);
  if (size > budgetBytes) {
    console.error(`build.mjs: ${name} is ${size} bytes gzipped, more than the ${budgetBytes} allowed`);
    process.exitCode = 1;
  }
}
