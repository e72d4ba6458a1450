// fhir-kit-client, unmodified: creates, reads, searches, updates, pages, and meets refusals. Prints what it saw as JSON.
// node fhir_kit.js URL TOKEN
const Client = require("fhir-kit-client");

const [url, token] = process.argv.slice(2);

async function refused(call) {
  try {
    await call();
    return null;
  } catch (error) {
    const outcome = error.response && error.response.data;
    return [error.response && error.response.status, outcome && outcome.resourceType];
  }
}

async function main() {
  const client = new Client({ baseUrl: url, bearerToken: token });
  const seen = {};
  seen.version = (await client.capabilityStatement()).fhirVersion;
  const resourceType = "Patient";
  const identifier = [{ system: "urn:mrn", value: "kit-1" }];
  const made = await client.create({ resourceType, body: { resourceType, identifier, name: [{ family: "Hopper" }] } });
  const id = made.id;
  seen.read = (await client.read({ resourceType, id })).name[0].family;
  const found = await client.search({ resourceType, searchParams: { family: "hop" } });
  seen.found = found.entry.map((entry) => entry.resource.id === id);
  const updated = await client.update({ resourceType, id, body: { ...made, active: true } });
  seen.updated = [updated.active, updated.meta.versionId];
  seen.old = (await client.vread({ resourceType, id, version: "1" })).active === undefined;
  seen.history = (await client.resourceHistory({ resourceType, id })).entry.length;
  const stale = { headers: { "If-Match": 'W/"1"' } };
  seen.stale = await refused(() => client.update({ resourceType, id, body: { ...made, active: false }, options: stale }));
  const entry = [1, 2, 3].map((n) => ({
    resource: {
      resourceType: "Observation",
      status: "final",
      code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
      subject: { reference: `Patient/${id}` },
      effectiveDateTime: `2026-03-01T0${n}:00:00Z`,
      valueQuantity: { value: 60 + n, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
    },
    request: { method: "POST", url: "Observation" },
  }));
  const done = await client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry } });
  seen.transaction = done.entry.map((one) => one.response.status.slice(0, 3));
  let page = await client.search({ resourceType: "Observation", searchParams: { patient: id, _count: 2 } });
  seen.pages = [page.entry.length];
  while ((page = await client.nextPage({ bundle: page }))) seen.pages.push(page.entry.length);
  seen.wrong = await refused(() => client.create({ resourceType, body: { resourceType, gender: "x" } }));
  seen.unknown = await refused(() => client.search({ resourceType, searchParams: { shoe: 1 } }));
  const stranger = new Client({ baseUrl: url });
  seen.stranger = await refused(() => stranger.read({ resourceType, id }));
  await client.delete({ resourceType, id });
  seen.gone = await refused(() => client.read({ resourceType, id }));
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
