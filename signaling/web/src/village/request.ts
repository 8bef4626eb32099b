// SPDX-License-Identifier: Apache-2.0
// A request as it is being filled in: what was typed, as text; what of it the wire takes; what is missing and on which
// screen it is asked. Pure. The server's list of what is missing counts; the one here stands in while it is out of reach.
import type { FileRef } from '../outbox/files';
import type { Params } from '../wire/connection';

export type Wire = Params<'consultation.saveDraft'>;
export type Kind = Wire['kind'];
export type Urgency = NonNullable<Wire['urgency']>;

export const TEXTS = ['complaint', 'purpose', 'history', 'results', 'diagnosis', 'treatment', 'allergy', 'department', 'wantedTitle', 'location'] as const;
export type TextField = (typeof TEXTS)[number];

export interface Fields extends Record<TextField, string> {
    kind: Kind;
    urgency: Urgency;
    name: string;
    idNumber: string;
    sex: '' | 'male' | 'female' | 'unknown';
    age: string;
    specialty: string;
    panelId: string;
    panelName: string;
    morePanels: string[]; // of a multi-disciplinary one
    times: string[]; // "2026-11-22T09:30" of this place's clock
    signer: string;
    relation: string;
    share: boolean;
    recording: boolean;
    teaching: boolean;
    textVersion: string;
    language: '' | 'zh-CN' | 'en';
    witness: string;
    how: How;
    given?: Purpose[]; // in force already: a returned request's, which nobody signs twice
}

/** How somebody signs; each leaves something to show. */
export const HOWS = ['electronic', 'written', 'voice'] as const;
export type How = (typeof HOWS)[number];
export type Purpose = 'share' | 'recording' | 'teaching';
/** Below, a guardian signs: as the text of docs/consent says and signaling/consent/consent.h has it. */
export const OWN_CONSENT_AGE = 18;

export const EMPTY: Fields = {
    kind: 'live', urgency: 'routine', name: '', idNumber: '', sex: '', age: '', specialty: '', panelId: '', panelName: '', morePanels: [], times: [],
    complaint: '', purpose: '', history: '', results: '', diagnosis: '', treatment: '', allergy: '', department: '', wantedTitle: '', location: '',
    signer: '', relation: 'self', share: false, recording: false, teaching: false, textVersion: '', language: '', witness: '', how: 'electronic',
};

export interface Attached {
    file: FileRef;
    preview?: FileRef;
    part?: 'wfdb_header' | 'wfdb_signal';
    what: 'photo' | 'pdf' | 'dicom' | 'ecg' | 'audio' | 'signature';
}

export interface Draft {
    id: string; // of its own; of a returned consultation that one's
    draftId?: string; // the server's
    fields: Fields;
    vitals: Record<string, string>;
    files: Attached[];
    signature?: FileRef;
    paper?: Attached[]; // photos of what was signed on paper, or the spoken consent
    step: Step;
    changedAt: number; // ms
    dirty: boolean; // the server has not got all of it
    missing?: string[]; // as the server said, of what it has
    returned?: boolean; // a submitted request that came back: it stays of its kind
    sending?: string; // id of the item in the outbox that submits it
}

// ---- screens ----

export const STEPS = ['who', 'complaint', 'how', 'whom', 'record', 'vitals', 'files', 'times', 'consent', 'send'] as const;
export type Step = (typeof STEPS)[number];

const WITH_TIMES: ReadonlySet<Kind> = new Set(['mdt', 'joint_clinic', 'live']);

export function stepsOf(kind: Kind): Step[] {
    return STEPS.filter((step) => step !== 'times' || WITH_TIMES.has(kind));
}

/** Names as in docs/protocol (`missing` of consultation.saveDraft) -> the screen that asks for it. */
const ASKED: Record<string, Step> = {
    'patient.name': 'who', 'patient.sex': 'who', 'patient.ageYears': 'who', complaint: 'complaint', purpose: 'how', urgency: 'how', panelId: 'whom', wantedTitle: 'whom',
    history: 'record', results: 'record', diagnosis: 'record', treatment: 'record', allergy: 'record', candidateTimes: 'times', 'consent.share': 'consent', materials: 'files',
    'consent.relation': 'consent', 'consent.signature': 'consent', 'consent.witness': 'consent', 'candidateTimes.past': 'times',
};

export const stepFor = (missing: string): Step => ASKED[missing] ?? 'send';

// ---- missing, while the server is out of reach (signaling/consult/completeness.c) ----

const PATIENT = ['patient.name', 'patient.sex', 'patient.ageYears'];
const QUESTION = ['complaint', 'purpose'];
const RECORD = ['history', 'results', 'diagnosis', 'treatment', 'allergy'];
const NEEDED: Record<Kind, string[]> = {
    live: [...PATIENT, ...QUESTION, 'panelId', 'consent.share'],
    emergency: ['panelId'],
    guidance: ['complaint', 'panelId', 'consent.share'],
    reading: [...PATIENT, ...QUESTION, 'panelId', 'consent.share'],
    mdt: [...PATIENT, ...QUESTION, ...RECORD, 'panelId', 'candidateTimes', 'consent.share'],
    joint_clinic: [...PATIENT, ...QUESTION, 'history', 'allergy', 'panelId', 'candidateTimes', 'consent.share'],
};

const has = (f: Fields, name: string): boolean => {
    switch (name) {
        case 'patient.name': return f.name.trim() !== '';
        case 'patient.sex': return f.sex !== '';
        case 'patient.ageYears': return ageOf(f.age) !== undefined;
        case 'panelId': return f.panelId !== '' || f.specialty !== '';
        case 'candidateTimes': return f.times.some(Boolean);
        case 'consent.share': return f.share && f.signer.trim() !== '';
        default: return (f[name as TextField] ?? '').trim() !== '';
    }
};

/** Something shows that it was signed. */
export const isSigned = ({ fields, signature, paper }: Draft): boolean => (fields.how === 'written' || fields.how === 'voice' ? (paper?.length ?? 0) > 0 : signature !== undefined);

/** What this machine alone can know: what is signed goes up after the request that it belongs to. */
function missingHere(draft: Draft): string[] {
    const f = draft.fields;
    if (f.kind === 'emergency') return []; // waits for nothing, and owes it
    const asks = f.share && PURPOSES.some((p) => f[p] && !f.given?.includes(p));
    const child = (ageOf(f.age) ?? OWN_CONSENT_AGE) < OWN_CONSENT_AGE;
    return [
        ...(WITH_TIMES.has(f.kind) && f.times.some((t) => Date.parse(t) < Date.now()) ? ['candidateTimes.past'] : []),
        ...(asks && child && f.relation === 'self' ? ['consent.relation'] : []),
        ...(asks && !isSigned(draft) ? ['consent.signature'] : []),
        ...(asks && f.how === 'voice' && !f.witness.trim() ? ['consent.witness'] : []),
    ];
}

const PURPOSES: readonly Purpose[] = ['share', 'recording', 'teaching'];

export function missingOf(draft: Draft): string[] {
    const asked = !draft.dirty && draft.missing ? draft.missing : [...new Set([...NEEDED[draft.fields.kind], ...(draft.missing ?? []).filter((name) => name === 'candidateTimes' && WITH_TIMES.has(draft.fields.kind))])].filter((name) => !has(draft.fields, name));
    return [...asked, ...missingHere(draft)];
}

// ---- the wire ----

const SLOT_MINUTES = 30;

export function ageOf(text: string): number | undefined {
    const age = Number(text);
    return /^\d{1,3}$/.test(text.trim()) && age <= 150 ? age : undefined;
}

/** Without what the wire refuses anywhere: control characters, turned reading direction. */
export function clean(text: string): string {
    return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '').trim();
}

function patientOf(f: Fields): Wire['patient'] | undefined {
    const patient = {
        ...(clean(f.name) ? { name: clean(f.name) } : {}), ...(f.sex ? { sex: f.sex } : {}),
        ...(ageOf(f.age) !== undefined ? { ageYears: ageOf(f.age)! } : {}), ...(clean(f.idNumber) ? { idNumber: clean(f.idNumber) } : {}),
    };
    return Object.keys(patient).length ? patient : undefined;
}

function timesOf(f: Fields): NonNullable<Wire['candidateTimes']> {
    return f.times.filter((t) => !Number.isNaN(Date.parse(t))).map((t) => {
        const start = new Date(t);
        return { start: start.toISOString(), end: new Date(start.getTime() + SLOT_MINUTES * 60_000).toISOString() };
    });
}

function consentOf(f: Fields, signed: boolean): Wire['consent'] | undefined {
    if (!f.share || !clean(f.signer) || (f.kind === 'emergency' && !signed)) return undefined; // an emergency owes it then
    return {
        share: true, recording: f.recording, teaching: f.teaching, signer: clean(f.signer), relation: clean(f.relation) || 'self',
        ...(f.textVersion && f.language ? { textVersion: f.textVersion, language: f.language, ...(signed ? { how: f.how } : {}) } : {}),
        ...(clean(f.witness) ? { witness: clean(f.witness) } : {}),
    };
}

export function wireOf(draft: Draft): Wire {
    const f = draft.fields;
    const wire: Wire = { kind: f.kind, urgency: f.urgency };
    const patient = patientOf(f);
    const consent = consentOf(f, isSigned(draft));
    const times = WITH_TIMES.has(f.kind) ? timesOf(f) : [];
    if (patient) wire.patient = patient;
    if (f.panelId) wire.panelId = f.panelId;
    else if (f.specialty) wire.specialty = f.specialty;
    if (f.kind === 'mdt' && f.morePanels.length) wire.panelIds = f.morePanels;
    if (times.length) wire.candidateTimes = times;
    if (consent) wire.consent = consent;
    for (const name of TEXTS) {
        const text = clean(f[name]);
        if (text && (name !== 'location' || f.kind === 'emergency')) wire[name] = text;
    }
    return wire;
}

/** As a field for date and time has it. */
export const localTime = (rfc3339: string): string => {
    const d = new Date(rfc3339);
    return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** What the server kept, as fields again: another machine, a returned request, the same once more. */
export function fieldsOf(wire: Partial<Wire>): Fields {
    const f: Fields = { ...EMPTY, kind: wire.kind ?? 'live', urgency: wire.urgency ?? 'routine' };
    for (const name of TEXTS) f[name] = wire[name] ?? '';
    Object.assign(f, { name: wire.patient?.name ?? '', idNumber: wire.patient?.idNumber ?? '', sex: wire.patient?.sex ?? '', age: wire.patient?.ageYears !== undefined ? String(wire.patient.ageYears) : '' });
    Object.assign(f, { specialty: wire.specialty ?? '', panelId: wire.panelId ?? '', morePanels: wire.panelIds ?? [], times: (wire.candidateTimes ?? []).map((t) => localTime(t.start)) });
    if (wire.consent) Object.assign(f, { share: true, recording: wire.consent.recording ?? false, teaching: wire.consent.teaching ?? false, signer: wire.consent.signer, relation: wire.consent.relation, textVersion: wire.consent.textVersion ?? '', language: (wire.consent.language as Fields['language']) ?? '', witness: wire.consent.witness ?? '', how: HOWS.find((h) => h === wire.consent!.how) ?? 'electronic' });
    return f;
}

// ---- vitals ----

type Value = Params<'material.vitals'>['values'][number];
export interface Vital { code: Value['code']; unit: Value['unit']; least: number; most: number }

/** In the order of the form; bounds are those of a slip of the finger. */
export const VITALS: Vital[] = [
    { code: 'systolic', unit: 'mm[Hg]', least: 30, most: 300 }, { code: 'diastolic', unit: 'mm[Hg]', least: 10, most: 200 },
    { code: 'heart_rate', unit: '/min', least: 10, most: 300 }, { code: 'spo2', unit: '%', least: 30, most: 100 },
    { code: 'temperature', unit: 'Cel', least: 25, most: 45 }, { code: 'respiratory_rate', unit: '/min', least: 3, most: 100 },
    { code: 'glucose', unit: 'mmol/L', least: 0.5, most: 60 }, { code: 'weight', unit: 'kg', least: 0.3, most: 300 },
];

export const unitWords = ({ unit }: Vital): string => ({ 'mm[Hg]': 'mmHg', Cel: '°C' } as Record<string, string>)[unit] ?? unit;

export function vitalWrong(vital: Vital, text: string): boolean {
    if (!text.trim()) return false;
    const value = Number(text);
    return Number.isNaN(value) || value < vital.least || value > vital.most;
}

export function vitalsOf(typed: Record<string, string>): Value[] {
    return VITALS.filter((v) => typed[v.code]?.trim() && !vitalWrong(v, typed[v.code]!)).map(({ code, unit }) => ({ code, unit, value: Number(typed[code]) }));
}
