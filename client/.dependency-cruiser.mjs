const requirements = "../daemon/household_scoring/requirements\\.json";

/** Folders of src/, and what each may import besides itself; type imports count too. */
const layers = {
  "core/scoring": [requirements],
  "core/session": ["src/core/(?:scoring/|people|plan)"],
  core: [requirements],
  browser: [],
  worker: ["src/core/session/", "src/browser/"],
  text: ["src/core/"],
  view: ["src/core/", "src/browser/", "src/text/"],
  page: ["src/core/", "src/browser/", "src/text/", "src/view/", "package\\.json"],
  dashboard: ["src/browser/", "src/text/choose", "src/view/(?:chart|dom|format|plot)"],
};

export default {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-orphans", severity: "error", from: { orphan: true }, to: {} },
    { name: "no-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "folders-have-a-layer",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/(?:${Object.keys(layers).join("|")})/` },
      to: {},
    },
    ...Object.entries(layers).map(([folder, allowed]) => ({
      name: `layer-of-${folder}`,
      severity: "error",
      from: { path: `^src/${folder}/` },
      to: { pathNot: [`src/${folder}/`, ...allowed].map((path) => `^${path}`) },
    })),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
  },
};
