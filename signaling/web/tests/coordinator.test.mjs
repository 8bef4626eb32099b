// SPDX-License-Identifier: Apache-2.0
// The roster's grid, slots in a week, what a request lacks, which acts are offered.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled } from './support.mjs';

const r = await bundled('coordinator/roster.ts');
const s = await bundled('coordinator/slots.ts');
const c = await bundled('coordinator/completeness.ts');
const w = await bundled('coordinator/worklist_filter.ts');

const DAY = { account: 'acc_a', weekdays: ['mon', 'wed'], start: '08:00', end: '17:00' };
const NIGHT = { account: 'acc_b', weekdays: ['sun'], start: '22:00', end: '06:00' };

test('bars: one a weekday, a night reaches into the next day, Sunday\'s into Monday', () => {
    const bars = r.barsOf([DAY, NIGHT]);
    assert.deepEqual(bars.map((b) => [b.weekday, b.startMin, b.endMin]), [['mon', 480, 1020], ['wed', 2 * 1440 + 480, 2 * 1440 + 1020], ['sun', 6 * 1440 + 1320, 7 * 1440 + 360]]);
    assert.deepEqual(r.partsOn(bars[2], 'sun'), { from: 1320, until: 1440 });
    assert.deepEqual(r.partsOn(bars[2], 'mon'), { from: 0, until: 360 });
    assert.equal(r.partsOn(bars[2], 'tue'), null);
    assert.equal(r.lengthOf({ start: '08:00', end: '08:00' }), 1440);
});

test('moving keeps the length, stays within the day and snaps to half hours', () => {
    assert.deepEqual([r.moveTime([DAY], 0, 40)[0].start, r.moveTime([DAY], 0, 40)[0].end], ['08:30', '17:30']);
    assert.deepEqual([r.moveTime([DAY], 0, -9999)[0].start, r.moveTime([DAY], 0, -9999)[0].end], ['00:00', '09:00']);
    assert.deepEqual([r.moveTime([DAY], 0, 9999)[0].start, r.moveTime([DAY], 0, 9999)[0].end], ['23:30', '08:30']);
    assert.equal(r.lengthOf(r.moveTime([NIGHT], 0, 60)[0]), r.lengthOf(NIGHT));
});

test('ends stretch between half an hour and a whole day', () => {
    assert.equal(r.moveEnd([DAY], 0, 60)[0].end, '18:00');
    assert.equal(r.moveEnd([DAY], 0, -9999)[0].end, '08:30');
    assert.equal(r.lengthOf(r.moveEnd([DAY], 0, 9999)[0]), 1440);
    assert.equal(r.moveStart([DAY], 0, -60)[0].start, '07:00');
    assert.equal(r.moveStart([DAY], 0, 9999)[0].start, '16:30');
    assert.equal(r.moveStart([DAY], 0, -9999)[0].start, '00:00');
    assert.equal(r.moveStart([NIGHT], 0, 30)[0].end, '06:00');
});

test('a day moves where it is free, and leaves with Delete', () => {
    assert.deepEqual(r.moveDay([DAY], 0, 'mon', 1)[0].weekdays, ['tue', 'wed']);
    const same = [DAY];
    assert.equal(r.moveDay(same, 0, 'mon', 2), same); // Wednesday is there
    assert.equal(r.moveDay(same, 0, 'mon', -1), same); // before the week
    assert.deepEqual(r.removeDay([DAY], 0, 'mon')[0].weekdays, ['wed']);
    assert.deepEqual(r.removeDay([NIGHT], 0, 'sun'), []);
});

test('drawn along the week: over midnight it is another day', () => {
    const [moved] = r.drawn([DAY], { shift: 0, weekday: 'mon' }, 'whole', 1440 + 60);
    assert.deepEqual([moved.weekdays, moved.start, moved.end], [['tue', 'wed'], '09:00', '18:00']);
    const [back] = r.drawn([{ ...DAY, weekdays: ['wed'] }], { shift: 0, weekday: 'wed' }, 'whole', -600);
    assert.deepEqual([back.weekdays, back.start, back.end], [['tue'], '22:00', '07:00']);
    const kept = [DAY];
    assert.equal(r.drawn(kept, { shift: 0, weekday: 'mon' }, 'whole', -9999), kept);
});

test('gaps are what nobody covers', () => {
    assert.deepEqual(r.gapsOf([]), [{ from: 0, until: 7 * 1440 }]);
    assert.deepEqual(r.gapsOf([{ account: 'a', weekdays: [...r.WEEKDAYS], start: '00:00', end: '00:00' }]), []);
    const gaps = r.gapsOf([NIGHT, DAY]);
    assert.deepEqual(gaps[0], { from: 360, until: 480 });
    assert.equal(gaps.reduce((sum, g) => sum + g.until - g.from, 0), 7 * 1440 - 2 * 540 - 480);
});

test('two people\'s changes are laid over one another', () => {
    const base = { shifts: [DAY, NIGHT], exceptions: [] };
    const mine = { shifts: [{ ...DAY, end: '18:00' }, NIGHT], exceptions: [] };
    const theirs = { shifts: [DAY, { ...NIGHT, account: 'acc_c' }], exceptions: [{ account: 'acc_c', from: '2026-01-31 08:00', until: '2026-02-01 08:00' }] };
    const merged = r.merge(base, mine, theirs);
    assert.deepEqual(merged.shifts, [{ ...NIGHT, account: 'acc_c' }, { ...DAY, end: '18:00' }]);
    assert.equal(merged.exceptions.length, 1);
    assert.equal(r.differs(base, { shifts: [NIGHT, { end: '17:00', start: '08:00', weekdays: ['mon', 'wed'], account: 'acc_a' }], exceptions: [] }), false);
    assert.equal(r.differs(base, mine), true);
});

test('a shift counts in the weeks between its dates', () => {
    assert.equal(r.inWeek({ ...DAY, until: '2026-11-15' }, '2026-11-16'), false);
    assert.equal(r.inWeek({ ...DAY, from: '2026-11-22' }, '2026-11-16'), true);
    assert.equal(r.inWeek({ ...DAY, from: '2026-11-23' }, '2026-11-16'), false);
});

test('slots: cells, keys, spans', () => {
    const monday = s.mondayOf(new Date(2026, 10, 22, 9, 0), 0); // a Sunday
    assert.deepEqual([monday.getDate(), monday.getMonth()], [16, 10]);
    assert.equal(s.timeOfCell(monday, { day: 2, slot: 3 }).getHours(), 8);
    assert.deepEqual(s.chosenBetween({ day: 1, slot: 5 }, { day: 3, slot: 2 }), { day: 1, from: 2, until: 6 });
    assert.equal(s.isChosen({ day: 1, from: 2, until: 6 }, { day: 1, slot: 6 }), false);
    assert.deepEqual(s.stepOf({ day: 0, slot: 0 }, 'ArrowLeft'), { day: 0, slot: 0 });
    assert.deepEqual(s.stepOf({ day: 0, slot: 0 }, 'End'), { day: 0, slot: s.CELLS - 1 });
    assert.equal(s.stepOf({ day: 0, slot: 0 }, 'x'), null);
    assert.equal(s.spanOf('2026-11-22', '10:00', '09:00'), null);
    assert.equal(s.spanOf('', '10:00', '11:00'), null);
    assert.ok(s.spanOf('2026-11-22', '10:00', '11:00').start.endsWith('Z'));
    const map = s.slotsByCell([{ start: new Date(2026, 10, 17, 9, 30).toISOString() }], monday);
    assert.deepEqual([...map.keys()], ['1/5']);
});

test('completeness names what the kind needs first', () => {
    const one = { kind: 'reading', complaint: 'x', purpose: ' ', patient: { name: 'n', sex: 'unknown', ageYears: 0 }, candidateTimes: [] };
    const looked = c.lookThrough(one, { materials: 0, consent: true });
    assert.deepEqual(c.missing(looked.filter((l) => l.needed)), ['sex', 'purpose', 'material']);
    assert.ok(!looked.some((l) => l.part === 'times'));
    assert.equal(c.lookThrough(one, { materials: undefined, consent: undefined }).find((l) => l.part === 'consent').there, undefined);
    assert.deepEqual(c.lookThrough({ ...one, kind: 'emergency' }, { materials: 0, consent: false }).filter((l) => l.needed), []);
});

test('tasks are filtered and counted', () => {
    const task = (t, urgency, name) => ({ task: t, urgency, applicant: { name, institution: { name: '石板村卫生室' } } });
    const tasks = [task('approve', 'urgent', 'a'), task('triage', 'routine', 'b'), task('approve', 'routine', 'c')];
    assert.deepEqual(w.countTasks(tasks), { approve: 2, triage: 1 });
    assert.equal(w.filterTasks(tasks, { task: 'approve', urgency: 'routine', text: '' }).length, 1);
    assert.equal(w.filterTasks(tasks, { task: '', urgency: '', text: '石板' }).length, 3);
});
