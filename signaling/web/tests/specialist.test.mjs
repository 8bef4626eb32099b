// SPDX-License-Identifier: Apache-2.0
// What a specialist may do when, how urgent a time limit is, and spans of slots. Time is handed in.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { dueOf, shareLeft, mayEnter, mayWrite, maySign, isAuthor, isChair, ringsFor, todoOf, slotSpan, ownWithin, weekOf } = await load('specialist/due.ts');

const NOW = Date.parse('2026-05-04T02:00:00.000Z');
const ME = 'acc_me';
const member = (ring, more = {}) => ({ account: { id: ME }, role: 'expert', ring, present: false, ...more });
const at = (minutes) => new Date(NOW + minutes * 60_000).toISOString();

test('a time limit is calm, soon, now, over, by its whole span', () => {
    const total = 100_000;
    assert.equal(dueOf(NOW + 90_000, NOW, total), 'calm');
    assert.equal(dueOf(NOW + 20_000, NOW, total), 'soon');
    assert.equal(dueOf(NOW + 5_000, NOW, total), 'now');
    assert.equal(dueOf(NOW, NOW, total), 'over');
    assert.equal(shareLeft(NOW, NOW + 100, NOW + 25), 0.75);
    assert.equal(shareLeft(NOW, NOW + 100, NOW + 200), 0);
    assert.equal(shareLeft(NOW, NOW, NOW), 0);
});

test('a call is entered when it is on or may begin; with a slot from a quarter of an hour before', () => {
    const live = (state, more = {}) => ({ kind: 'live', state, ...more });
    assert.ok(mayEnter(live('accepted'), NOW));
    assert.ok(!mayEnter(live('accepted', { awaits: ['schedule'] }), NOW));
    assert.ok(!mayEnter(live('scheduled', { slot: { start: at(16) } }), NOW));
    assert.ok(mayEnter(live('scheduled', { slot: { start: at(15) } }), NOW));
    assert.ok(mayEnter(live('interrupted', { slot: { start: at(-60) } }), NOW));
    for (const state of ['routed', 'opinion_drafted', 'delivered', 'archived']) assert.ok(!mayEnter(live(state), NOW), state);
    assert.ok(!mayEnter({ kind: 'reading', state: 'accepted' }, NOW), 'a claimed reading is no call');
    assert.ok(mayEnter({ kind: 'reading', state: 'in_progress' }, NOW), 'unless it went live');
});

test('drafts from acceptance on, signatures after the call; a claimed reading at once', () => {
    for (const state of ['accepted', 'scheduled', 'ready', 'in_progress', 'interrupted', 'opinion_drafted']) assert.ok(mayWrite({ kind: 'live', state }), state);
    for (const state of ['routed', 'delivered', 'archived']) assert.ok(!mayWrite({ kind: 'live', state }), state);
    assert.ok(!mayWrite({ kind: 'guidance', state: 'in_progress' }));
    assert.ok(maySign({ kind: 'live', state: 'opinion_drafted' }));
    assert.ok(!maySign({ kind: 'live', state: 'in_progress' }));
    assert.ok(maySign({ kind: 'reading', state: 'accepted' }));
});

test('who writes: the specialist; in an MDT all who accepted', () => {
    assert.ok(isAuthor({ kind: 'live', specialist: { id: ME } }, ME));
    assert.ok(!isAuthor({ kind: 'live', specialist: { id: 'other' }, members: [member('accepted')] }, ME));
    assert.ok(isAuthor({ kind: 'mdt', members: [member('accepted')] }, ME));
    assert.ok(!isAuthor({ kind: 'mdt', members: [member('ringing')] }, ME));
    assert.ok(!isAuthor({ kind: 'mdt', members: [member('observing', { role: 'observer' })] }, ME));
    assert.ok(isChair({ kind: 'mdt', members: [member('accepted', { role: 'chair' })] }, ME));
});

test('what rings and what waits', () => {
    const applicant = { id: 'acc_village' };
    const asked = { kind: 'live', state: 'routed', complaint: 'x', applicant };
    assert.ok(ringsFor(asked, ME));
    assert.ok(!ringsFor({ ...asked, complaint: undefined }, ME), 'of the panel, and not asked');
    assert.ok(!ringsFor({ ...asked, state: 'accepted' }, ME));
    assert.ok(!ringsFor(asked, applicant.id));
    assert.ok(!ringsFor({ ...asked, kind: 'reading' }, ME), 'a reading waits in the list');
    assert.ok(ringsFor({ ...asked, kind: 'mdt', state: 'accepted', members: [] }, ME), 'the chair has accepted, the others ring on');
    assert.ok(!ringsFor({ ...asked, kind: 'mdt', members: [member('accepted')] }, ME));
    assert.ok(!ringsFor({ ...asked, kind: 'mdt', state: 'opinion_drafted', members: [] }, ME));
    const c = (state, more) => ({ kind: 'live', state, specialist: { id: ME }, members: [member('accepted')], ...more });
    assert.equal(todoOf({ ...asked, members: [] }, ME, NOW), 'answer');
    assert.equal(todoOf(c('accepted'), ME, NOW), 'call');
    assert.equal(todoOf(c('opinion_drafted'), ME, NOW), 'write');
    assert.equal(todoOf(c('delivered'), ME, NOW), null);
    assert.equal(todoOf({ ...c('opinion_drafted'), kind: 'mdt', members: [member('accepted', { signed: true })] }, ME, NOW), null, 'own opinion is signed');
    assert.equal(todoOf({ ...c('opinion_drafted'), kind: 'mdt', members: [member('accepted', { role: 'chair', signed: true })] }, ME, NOW), 'write');
});

test('a span of slots lies ahead and runs forward', () => {
    const span = slotSpan('2026-05-05', '09:00', '12:00', NOW);
    assert.equal(Date.parse(span.end) - Date.parse(span.start), 3 * 3_600_000);
    assert.match(span.start, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(slotSpan('2026-05-05', '12:00', '09:00', NOW), null);
    assert.equal(slotSpan('2020-05-05', '09:00', '12:00', NOW), null);
    assert.equal(slotSpan('', '09:00', '12:00', NOW), null);
});

test('weeks begin on Monday, over ends of months and years', () => {
    const { from, until } = weekOf(new Date(2026, 0, 1), 0); // a Thursday
    assert.deepEqual([from.getFullYear(), from.getMonth(), from.getDate(), from.getDay()], [2025, 11, 29, 1]);
    assert.deepEqual([until.getMonth(), until.getDate()], [0, 5]);
    assert.equal(weekOf(new Date(2026, 0, 4), 0).from.getDate(), 29, 'a Sunday belongs to the week before');
    assert.equal(weekOf(new Date(2026, 0, 5), -1).from.getDate(), 29);
});

test('an own slot in the span is found, before the server refuses a second', () => {
    const at = (from, until, accountId) => ({ start: `2026-11-30T${from}:00Z`, end: `2026-11-30T${until}:00Z`, accountId });
    const slots = [at('09:00', '09:30', 'me'), at('09:30', '10:00', 'another'), at('09:30', '10:00', undefined)];
    assert.deepEqual(ownWithin(slots, at('09:15', '12:00'), 'me'), [slots[0]]);
    assert.deepEqual(ownWithin(slots, at('09:30', '12:00'), 'me'), []);
    assert.deepEqual(ownWithin(slots, at('08:00', '12:00'), undefined), []);
});
