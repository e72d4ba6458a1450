// npm fhir's verdicts. node verdicts.js CASES.json SAID.json: [resource, ...] in, [[valid, messages], ...] out.
const fs = require("fs");
const { Fhir } = require("fhir");

const [cases, said] = process.argv.slice(2);
const fhir = new Fhir();
const verdict = (resource) => {
  const { valid, messages } = fhir.validate(resource, { errorOnUnexpected: true });
  return [valid, messages];
};
fs.writeFileSync(said, JSON.stringify(JSON.parse(fs.readFileSync(cases)).map(verdict)));
