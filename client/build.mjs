// Builds the page into the folder that the daemon serves. `--watch` rebuilds on change.
import { cp, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, context } from "esbuild";

const page = fileURLToPath(new URL("page/", import.meta.url));
const outdir = fileURLToPath(new URL("../daemon/householdd/static/", import.meta.url));
// What a customer's phone has to load before the test can start.
const budgetBytes = 60_000;

const common = { bundle: true, minify: true, outdir, target: ["es2022"], charset: "utf8", logLevel: "warning" };
const bundles = [
  { ...common, entryPoints: { app: "src/main.ts" }, format: "esm" },
  // A classic script: browsers learned module workers years after modules.
  { ...common, entryPoints: { worker: "src/worker/main.ts" }, format: "iife" },
  // The oldest that know `color-mix()`; nested rules are newer.
  { ...common, entryPoints: { style: "page/style.css" }, target: ["chrome111", "firefox113", "safari16.2"] },
].map((options) => ({ ...options, absWorkingDir: fileURLToPath(new URL(".", import.meta.url)) }));

async function sizeGzipped() {
  const files = await readdir(outdir);
  const sizes = await Promise.all(files.map(async (name) => gzipSync(await readFile(outdir + name)).length));
  return sizes.reduce((sum, size) => sum + size, 0);
}

await rm(outdir, { recursive: true, force: true });
await mkdir(outdir, { recursive: true });
for (const name of ["index.html", "icon.svg"]) await cp(page + name, outdir + name);

if (process.argv.includes("--watch")) {
  await Promise.all(bundles.map(async (options) => (await context(options)).watch()));
} else {
  await Promise.all(bundles.map((options) => build(options)));
  const size = await sizeGzipped();
  console.log(`page: ${size} bytes gzipped of at most ${budgetBytes}`);
  if (size > budgetBytes) {
    console.error(`build.mjs: the page is ${size} bytes gzipped, more than the ${budgetBytes} allowed`);
    process.exitCode = 1;
  }
}
