// SPDX-License-Identifier: Apache-2.0
// Opinions while they are written: what goes over the wire, merging with what was written elsewhere, templates, codes,
// and a drafting over a fake keep and server in virtual time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { emptyDraft, fromText, toWire, clean, same, isEmpty, merge, problemsOf, omissionsOf, readCode } = await load('opinion/draft.ts');
const { fill, fillText, apply, nextBlank, blanksIn, inOrder, readExport } = await load('opinion/templates.ts');
const { builtin } = await load('opinion/builtin.ts');
const { findCodes, FREQUENT } = await load('opinion/codes.ts');
const { sortOut, signedPart } = await load('opinion/document.ts');
const { Drafting } = await load('opinion/drafting.ts');

const draft = (part = {}) => ({ ...emptyDraft(), ...part });
const facts = { age: '56 岁', sex: '男', complaint: '胸痛 2 小时', results: '', diagnosis: '' };

// ---- the wire ----

test('what was not stated is left out, and what the server refuses is cleaned', () => {
    const wire = toWire(draft({ findings: 'a\r\nb\u202e\u0000  ', criticalReported: '  ' }));
    assert.deepEqual(wire, { findings: 'a\nb' });
    assert.equal(clean('\t血\u2028钾\u0085'), '\t血钾');
    const all = toWire(draft({ reducedQuality: true, followUpDays: 0, criticalReported: ' K 7.1 ', diagnosisCodes: [{ system: 'ICD-10', code: 'I10', name: '' }] }));
    assert.equal(all.followUpDays, 0);
    assert.equal(all.reducedQuality, true);
    assert.equal(all.criticalReported, 'K 7.1');
    assert.deepEqual(all.diagnosisCodes, [{ system: 'ICD-10', code: 'I10' }]);
});

test('a text read back is the draft that was sent', () => {
    const sent = draft({ findings: 'f', plan: 'p', followUpDays: 7, diagnosisCodes: [{ system: 'ICD-10', code: 'I21.1', name: '心梗' }] });
    assert.ok(same(fromText(toWire(sent)), sent));
    assert.ok(isEmpty(fromText({ findings: '', diagnosis: '', plan: '', advice: '', referral: '', limits: '' })));
    assert.ok(!isEmpty(draft({ followUpDays: 3 })));
});

test('limits count characters, not UTF-16 units, and name the field', () => {
    assert.deepEqual(problemsOf(draft({ plan: '𠮷'.repeat(4000) })), []);
    assert.deepEqual(problemsOf(draft({ plan: '字'.repeat(4001) })), [{ field: 'plan', what: 'too_long', max: 4000 }]);
    for (const days of [-1, 3651, 1.5, Number.NaN]) assert.equal(problemsOf(draft({ followUpDays: days }))[0]?.what, 'bad_days');
    assert.equal(problemsOf(draft({ diagnosisCodes: [{ system: 'ICD-10', code: '坏' }] }))[0].what, 'bad_code');
    assert.deepEqual(omissionsOf(draft({ findings: 'x', advice: ' ' })), ['diagnosis', 'plan', 'advice']);
});

// ---- merging ----

test('each field comes from the side that changed it', () => {
    const base = draft({ findings: 'f', plan: 'p' });
    const mine = { ...base, findings: 'mine' };
    const theirs = { ...base, plan: 'theirs', followUpDays: 7 };
    const { draft: merged, conflicts } = merge(base, mine, theirs);
    assert.deepEqual(conflicts, []);
    assert.equal(merged.findings, 'mine');
    assert.equal(merged.plan, 'theirs');
    assert.equal(merged.followUpDays, 7);
});

test('both changed it: mine stays and it is said; the same change is no conflict', () => {
    const base = draft({ findings: 'f' });
    const one = merge(base, { ...base, findings: 'mine' }, { ...base, findings: 'theirs' });
    assert.deepEqual(one.conflicts, ['findings']);
    assert.equal(one.draft.findings, 'mine');
    assert.deepEqual(merge(base, { ...base, plan: 'x' }, { ...base, plan: 'x' }).conflicts, []);
});

// ---- templates ----

test('facts fill in, what is missing becomes a blank, unknown names stay', () => {
    assert.equal(fillText('{age} {sex} {results} {other}', facts), '56 岁 男 ____ {other}');
    assert.equal(fill({ findings: '{complaint}', followUpDays: 7 }, facts).findings, '胸痛 2 小时');
});

test('a template never overwrites and is not put in twice', () => {
    const once = apply(draft({ findings: '已写', followUpDays: 3 }), { findings: '模板', plan: '方案', followUpDays: 7 });
    assert.equal(once.findings, '已写\n模板');
    assert.equal(once.plan, '方案');
    assert.equal(once.followUpDays, 3);
    assert.deepEqual(apply(once, { findings: '模板', plan: '方案' }), once);
});

test('blanks are found in turn, also longer ones, and nothing is signed with one', () => {
    const text = 'a ____ b ______ c';
    assert.deepEqual(nextBlank(text, 0), { start: 2, end: 6 });
    assert.deepEqual(nextBlank(text, 6), { start: 9, end: 15 });
    assert.deepEqual(nextBlank(text, 15), { start: 2, end: 6 }, 'round again');
    assert.equal(nextBlank('none', 0), null);
    assert.deepEqual(blanksIn(draft({ plan: 'x ____', advice: 'done' })), ['plan']);
});

test('the built-in ones: the same in both languages, in the fields, within limits, without a finding of their own', () => {
    const zh = builtin('zh-CN');
    const en = builtin('en');
    assert.deepEqual(zh.map((t) => t.id), en.map((t) => t.id));
    assert.equal(new Set(zh.map((t) => t.id)).size, zh.length);
    for (const [i, t] of zh.entries()) {
        assert.deepEqual(Object.keys(t.text).sort(), Object.keys(en[i].text).sort(), t.id);
        assert.match(Object.values(t.text).join(), /____/, t.id);
        assert.deepEqual(problemsOf(apply(draft(), fill(t.text, facts))), [], t.id);
    }
    assert.equal(inOrder(zh, 'stroke')[0].id, 'builtin.stroke');
    assert.equal(inOrder(zh, undefined)[0].specialties.length, 0);
});

test('an export is read back; what is none is refused', () => {
    const own = [{ id: 'own.1', name: '我的', specialties: ['ecg'], text: { findings: 'x', followUpDays: 7 } }];
    assert.deepEqual(readExport(JSON.stringify({ shanqiaoTemplates: own })), own);
    for (const bad of ['', '{}', '[]', '{"shanqiaoTemplates":[{}]}', '{"shanqiaoTemplates":[{"id":"a","name":"b","text":{"plan":5}}]}', '{"shanqiaoTemplates":{"length":1}}'])
        assert.equal(readExport(bad), null, bad);
    assert.equal(readExport(JSON.stringify({ shanqiaoTemplates: [{ id: 'a', name: 'b', text: { plan: 'x'.repeat(4001) } }] })), null);
});

// ---- codes ----

test('codes are found by code and by name in both languages', () => {
    assert.equal(findCodes('i21.1', false)[0].code, 'I21.1');
    assert.equal(findCodes('心房颤动', false)[0].code, 'I48');
    assert.equal(findCodes('pneumonia', true)[0].code, 'J18.9');
    assert.ok(findCodes('1', false).length <= 12);
    assert.deepEqual(findCodes('  ', false), []);
    assert.equal(new Set(FREQUENT.map((r) => r[0])).size, FREQUENT.length, 'no code twice');
    assert.ok(FREQUENT.every((r) => /^[A-Z]\d\d(\.\d)?$/.test(r[0]) && r[1] && r[2]));
    assert.equal(readCode(' i21.1 '), 'I21.1');
    assert.equal(readCode('心梗'), null);
});

// ---- which counts ----

test('the conclusion first, what was superseded apart', () => {
    const row = (id, more) => ({ id, signed: true, kind: 'opinion', version: 1, ...more });
    const { counting, former, drafts } = sortOut([row('a', { supersededBy: 'b' }), row('b'), row('c', { kind: 'conclusion' }), row('d', { signed: false })]);
    assert.deepEqual(counting.map((r) => r.id), ['c', 'b']);
    assert.deepEqual(former.map((r) => r.id), ['a']);
    assert.deepEqual(drafts.map((r) => r.id), ['d']);
    assert.deepEqual(signedPart('not json'), {});
    assert.equal(signedPart('{"supersedes":{"id":"a","reason":"r"}}').supersedes.reason, 'r');
});

// ---- drafting ----

function world(server = null) {
    const kept = new Map();
    const w = {
        kept, server, online: true, refuses: null, saves: 0, timers: [],
        port: {
            keep: { get: async (n) => structuredClone(kept.get(n)), put: async (n, v) => void kept.set(n, structuredClone(v)), delete: async (n) => void kept.delete(n) },
            load: () => (w.online ? Promise.resolve(structuredClone(w.server)) : new Promise(() => {})),
            save: async (d) => { if (w.refuses) throw w.refuses; w.saves++; w.server = structuredClone(d); },
            later: (action) => { w.timers.push(action); return () => (w.timers = w.timers.filter((t) => t !== action)); },
        },
    };
    return w;
}
const settle = async () => { for (let i = 0; i < 20; i++) await Promise.resolve(); };
const pass = async (w) => { const due = w.timers; w.timers = []; due.forEach((f) => f()); await settle(); };

test('typed: kept at once, on the server a little later, once for many keystrokes', async () => {
    const w = world();
    const d = new Drafting(w.port, 'n');
    await d.open();
    for (const text of ['a', 'ab', 'abc']) d.change({ findings: text });
    await settle();
    assert.equal(w.kept.get('n').draft.findings, 'abc');
    assert.equal(w.saves, 0);
    await pass(w);
    assert.equal(w.saves, 1);
    assert.equal(w.server.findings, 'abc');
    assert.equal(d.state.value, 'saved');
});

test('each key is put in its own task, whatever a write before it takes', async () => {
    const w = world();
    const d = new Drafting(w.port, 'n');
    await d.open();
    const { put } = w.port.keep;
    w.port.keep.put = (name, value) => { void put(name, value); return new Promise(() => {}); };
    for (const text of ['a', 'ab', 'abc']) {
        d.change({ findings: text });
        assert.equal(w.kept.get('n').draft.findings, text);
        d.changeBeside({ reason: text });
        assert.equal(w.kept.get('n').beside.reason, text);
    }
});

test('a reload in an outage: what was typed is there, and goes to the server when it is back', async () => {
    const w = world(draft({ plan: 'old' }));
    const before = new Drafting(w.port, 'n');
    await before.open();
    w.online = false;
    before.change({ findings: 'typed' });
    await settle();
    const after = new Drafting(w.port, 'n');
    void after.open();
    await settle();
    assert.equal(after.draft.value.findings, 'typed');
    assert.equal(after.draft.value.plan, 'old');
    w.online = true;
    await after.reload();
    await pass(w);
    assert.equal(w.server.findings, 'typed');
});

test('written on two machines: the conflict outlives a reload, nothing is sent before it is settled', async () => {
    const w = world(draft({ plan: 'p' }));
    const d = new Drafting(w.port, 'n');
    await d.open();
    d.change({ plan: 'mine' });
    w.server = draft({ plan: 'theirs', advice: 'new' });
    await d.reload();
    assert.deepEqual(d.conflicts.value, { plan: 'theirs' });
    assert.equal(d.draft.value.advice, 'new');
    await d.flush();
    assert.equal(w.saves, 0);
    await settle();
    const again = new Drafting(w.port, 'n');
    await again.open();
    assert.deepEqual(again.conflicts.value, { plan: 'theirs' });
    again.settle('plan', false);
    await again.flush();
    assert.equal(w.server.plan, 'mine');
    assert.equal(w.server.advice, 'new');
});

test('refused by the server: kept here, told, tried again with the next change', async () => {
    const w = world();
    const d = new Drafting(w.port, 'n');
    await d.open();
    w.refuses = new Error('not now');
    d.change({ plan: 'x' });
    await pass(w);
    assert.equal(d.state.value, 'refused');
    assert.equal(w.kept.get('n').draft.plan, 'x');
    w.refuses = null;
    d.change({ plan: 'xy' });
    await pass(w);
    assert.equal(w.server.plan, 'xy');
});

test('signed: nothing is kept, also not by a write that was under way', async () => {
    const w = world();
    const d = new Drafting(w.port, 'n');
    await d.open();
    d.change({ plan: 'x' });
    await d.discard();
    await settle();
    assert.equal(w.kept.size, 0);
});

test('closed in the middle of a save: the last keystroke is kept, and a later page is not overwritten', async () => {
    const w = world();
    const old = new Drafting(w.port, 'n');
    await old.open();
    let finish;
    w.port.save = (d) => new Promise((done) => (finish = () => { w.server = structuredClone(d); done(); }));
    old.change({ plan: '1' });
    void old.flush();
    old.change({ plan: '12' });
    old.close();
    await settle();
    assert.equal(w.kept.get('n').draft.plan, '12');
    w.port.save = async (d) => void (w.server = structuredClone(d));
    const next = new Drafting(w.port, 'n');
    await next.open();
    next.change({ plan: '123' });
    finish();
    await settle();
    assert.equal(w.kept.get('n').draft.plan, '123');
});
