// Whose code the bundle holds: their licences ask that their text goes along. From esbuild's account of what it
// took in (out/bundle*.json) to dist/NOTICES.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

const bundles = ["out/bundle-command.json", "out/bundle.json", "out/bundle-evaluate.json", "out/bundle-late.json"].map((file) => JSON.parse(readFileSync(file, "utf8")));
const files = bundles.flatMap(({ inputs }) => Object.keys(inputs));
const folders = new Set(files.map((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));

const notices = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  return [`${name} ${version} (${license})`, ...texts.map((file) => readFileSync(`${folder}/${file}`, "utf8").trim())].join("\n\n");
});
writeFileSync("dist/NOTICES", `The files in this folder hold code of these packages.\n\n${notices.join(`\n\n${"-".repeat(72)}\n\n`)}\n`);
