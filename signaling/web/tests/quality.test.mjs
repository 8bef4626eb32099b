// SPDX-License-Identifier: Apache-2.0
// What statistics mean in words: measures, levels with reasons, what is told and when, the ladder of a weak link.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const q = await load('call/quality.ts');
const b = await load('call/band.ts');

const at = (atMs, more) => ({ atMs, kind: 'audio', packets: 0, lost: 0, bytes: 0, jitterMs: 5, concealed: 0, silentConcealed: 0, samples: 0, bufferMs: 0, emitted: 0, frames: 0, frozenMs: 0, height: 0, ...more });
const measured = (more, spanMs = 2000) => q.measure(at(0, {}), at(spanMs, { packets: 100, samples: 96_000, emitted: 96_000, bufferMs: 96_000 * 60, ...more }));

test('counters come from the row of the kind, and are zero where a browser does not tell', () => {
    const rows = [{ type: 'codec' }, { type: 'inbound-rtp', kind: 'audio', packetsReceived: 7, jitter: 0.02 }, { type: 'inbound-rtp', kind: 'video', packetsReceived: 9, frameHeight: 720 }];
    assert.equal(q.countersOf(rows, 'audio', 1).packets, 7);
    assert.equal(q.countersOf(rows, 'audio', 1).jitterMs, 20);
    assert.equal(q.countersOf(rows, 'video', 1).height, 720);
    assert.equal(q.countersOf([], 'audio', 1), null);
    assert.equal(q.countersOf([{ type: 'inbound-rtp', kind: 'audio', packetsReceived: 'x' }], 'audio', 1).packets, 0);
});

test('a stream that was made anew gives no measure; late packets give no negative loss', () => {
    assert.equal(q.measure(at(0, { packets: 10 }), at(2000, { packets: 3 })), null);
    assert.equal(q.measure(at(5, {}), at(5, {})), null);
    assert.equal(q.measure(at(0, { lost: 9 }), at(2000, { packets: 50, lost: 4 })).lossRatio, 0);
});

test('speech is judged by what was concealed, lost and late', () => {
    const speech = (more) => q.judge('audio', measured(more));
    assert.deepEqual(speech({}), { level: 'good', reason: 'none' });
    assert.deepEqual(speech({ concealed: 4800, lost: 4 }), { level: 'fair', reason: 'loss' });
    assert.deepEqual(speech({ concealed: 4800, jitterMs: 80 }), { level: 'fair', reason: 'delay' });
    assert.deepEqual(speech({ concealed: 4800 }), { level: 'fair', reason: 'gaps' }, 'all came in time: it is not the network');
    assert.deepEqual(speech({ concealed: 4800, silentConcealed: 4800 }), { level: 'good', reason: 'none' }, 'silence that was filled is no loss');
    assert.deepEqual(speech({ concealed: 15_000, lost: 4 }), { level: 'poor', reason: 'loss' });
    assert.deepEqual(speech({ concealed: 15_000 }), { level: 'poor', reason: 'gaps' });
    assert.deepEqual(speech({ bufferMs: 96_000 * 500 }), { level: 'fair', reason: 'delay' });
    assert.deepEqual(speech({ bufferMs: 96_000 * 900 }), { level: 'poor', reason: 'delay' });
    assert.deepEqual(speech({ packets: 0 }), { level: 'none', reason: 'off' });
});

test('a picture is judged by frames, size and standing still', () => {
    const picture = (more) => q.judge('video', measured({ frames: 60, height: 720, ...more }));
    assert.deepEqual(picture({}), { level: 'good', reason: 'none' });
    assert.deepEqual(picture({ height: 240 }), { level: 'fair', reason: 'narrow' });
    assert.deepEqual(picture({ height: 120 }), { level: 'poor', reason: 'narrow' });
    assert.deepEqual(picture({ frames: 6 }), { level: 'poor', reason: 'narrow' });
    assert.deepEqual(picture({ frames: 6, lost: 20 }), { level: 'poor', reason: 'loss' });
    assert.deepEqual(picture({ frozenMs: 1000 }), { level: 'poor', reason: 'frozen' });
    assert.deepEqual(picture({ frames: 0 }), { level: 'none', reason: 'frozen' });
    assert.deepEqual(picture({ packets: 0 }), { level: 'none', reason: 'off' });
});

test('worse is told after two seconds, better after six, a first or returned stream at once', () => {
    const good = { level: 'good', reason: 'none' }, poor = { level: 'poor', reason: 'loss' };
    let s = q.settle(q.newSteady(), good, 0);
    assert.equal(s.shown.level, 'good');
    s = q.settle(s, poor, 1000);
    assert.equal(s.shown.level, 'good');
    s = q.settle(s, good, 2000);
    s = q.settle(s, poor, 2500);
    s = q.settle(s, poor, 4000);
    assert.equal(s.shown.level, 'good', 'a short dip is not told');
    s = q.settle(s, poor, 4500);
    assert.equal(s.shown.level, 'poor');
    s = q.settle(s, good, 5000);
    s = q.settle(s, good, 10_500);
    assert.equal(s.shown.level, 'poor');
    s = q.settle(s, good, 11_000);
    assert.equal(s.shown.level, 'good');
});

test('what the other side says is believed only in words that exist', () => {
    assert.deepEqual(q.readHeard({ of: 'acc_a', audio: 'good', video: 'poor', reason: 'narrow', more: 1 }), { of: 'acc_a', audio: 'good', video: 'poor', reason: 'narrow' });
    assert.deepEqual(q.readHeard({ of: 'acc_a', audio: 'good', video: 'poor', reason: '<b>' }), { of: 'acc_a', audio: 'good', video: 'poor' });
    assert.equal(q.readHeard({ of: 'acc_a', audio: 'great', video: 'poor' }), null);
    assert.equal(q.readHeard({ audio: 'good', video: 'poor' }), null);
});

test('the cause is our own where we are the ones who send less', () => {
    assert.equal(q.causeOf('narrow', 'narrow'), 'why.ownNarrow');
    assert.equal(q.causeOf('narrow', 'busy'), 'why.ownBusy');
    assert.equal(q.causeOf('loss', 'none'), 'why.loss');
    assert.equal(q.causeOf('off', 'narrow'), 'why.off');
    assert.equal(q.causeOf('none', 'narrow'), null);
    assert.equal(q.causeOf(undefined, 'none'), null);
    assert.equal(q.reasonOf({ level: 'good', reason: 'none' }, { level: 'poor', reason: 'narrow' }), 'narrow');
    assert.equal(q.reasonOf({ level: 'fair', reason: 'delay' }, { level: 'poor', reason: 'narrow' }), 'delay', 'sound before picture');
});

test('what was asked for small is judged as the large picture, and a small camera is no weak network', () => {
    const m = { packets: 100, lossRatio: 0, framesPerSecond: 25, frozenRatio: 0, height: 135 };
    assert.equal(q.judge('video', m).reason, 'narrow');
    assert.equal(q.judge('video', q.asLarge(m, 0)).level, 'good');
    assert.equal(q.judge('video', q.asLarge(m, 2)).level, 'poor');
    assert.equal(q.judge('video', q.asLarge(m, undefined)).level, 'poor');
    assert.equal(q.ownLimit([], 288), 'camera');
    assert.equal(q.ownLimit([], 720), 'none');
    const limited = { type: 'outbound-rtp', kind: 'video', qualityLimitationReason: 'bandwidth' }, reported = (fractionLost, roundTripTime) => ({ type: 'remote-inbound-rtp', kind: 'video', fractionLost, roundTripTime });
    assert.equal(q.ownLimit([limited, reported(0, 0.001)]), 'none', 'a rate that is still sought is no weak network');
    assert.equal(q.ownLimit([limited, reported(0.05, 0.001)], 288), 'narrow');
    assert.equal(q.ownLimit([limited, reported(0, 0.5)], 288), 'narrow');
    assert.equal(q.ownLimit([limited, { ...limited, qualityLimitationReason: 'cpu' }, reported(0.05, 0.5)]), 'busy');
    assert.equal(q.causeOf('narrow', 'camera'), 'why.ownCamera');
    assert.equal(q.causeHere('narrow', 'camera'), 'why.theirCamera');
    assert.equal(q.causeHere('narrow', 'narrow'), 'why.theirNarrow');
    assert.equal(q.causeHere('narrow', undefined), 'why.narrow');
    assert.equal(q.causeHere('loss', 'narrow'), 'why.loss');
    assert.equal(q.causeHere('none', 'busy'), null);
    for (const reason of ['narrow', 'frozen', 'gaps']) assert.deepEqual([q.causeHere(reason, 'busy'), q.causeOf(reason, 'busy')], ['why.theirBusy', 'why.ownBusy'], reason);
    assert.equal(q.readHeard({ of: 'acc_a', audio: 'good', video: 'poor', own: 'camera' }).own, 'camera');
    assert.equal(q.readHeard({ of: 'acc_a', audio: 'good', video: 'poor', own: '<b>' }).own, undefined);
});

test('reports of the relay stand for those who say nothing', () => {
    const row = (fractionLost, roundTripTime) => [{ type: 'remote-inbound-rtp', kind: 'audio', fractionLost, roundTripTime }];
    assert.equal(q.judgeRemote(row(0, 0.1), 'audio').level, 'good');
    assert.equal(q.judgeRemote(row(0.1, 0.1), 'audio').level, 'fair');
    assert.equal(q.judgeRemote(row(0.3, 0.1), 'audio').level, 'poor');
    assert.deepEqual(q.judgeRemote(row(0, 2), 'audio'), { level: 'fair', reason: 'delay' });
    assert.equal(q.judgeRemote([], 'audio'), null);
    assert.equal(q.outgoing([{ type: 'candidate-pair', availableOutgoingBitrate: 3e5 }]), 3e5);
    assert.equal(q.outgoing([{ type: 'candidate-pair' }]), null);
});

// ---- the ladder ----

function climbed(steps) {
    let band = b.newBand(), ms = 0;
    const rungs = [band.rung];
    for (const [bps, forMs, loss = 0] of steps)
        for (const end = ms + forMs; ms < end; ms += 1000) {
            band = b.climb(band, bps, loss, ms);
            if (rungs.at(-1) !== band.rung) rungs.push(band.rung);
        }
    return rungs;
}

test('a link that weakens loses the picture step by step or at once, and never speech', () => {
    assert.deepEqual(climbed([[1e6, 5000], [150_000, 4000], [60_000, 4000], [20_000, 4000]]), ['full', 'half', 'small', 'voice']);
    assert.deepEqual(climbed([[1e6, 5000], [20_000, 4000]]), ['full', 'voice']);
});

test('up is slower than down, one rung at a time, and with room to spare', () => {
    assert.deepEqual(climbed([[60_000, 4000], [1e6, 7000]]), ['full', 'small']);
    assert.deepEqual(climbed([[60_000, 4000], [1e6, 20_000]]), ['full', 'small', 'half', 'full']);
    assert.deepEqual(climbed([[60_000, 4000], [110_000, 60_000]]), ['full', 'small'], 'just enough is not enough to climb');
});

test('a dip of a second changes nothing; loss of speech gives up picture', () => {
    assert.deepEqual(climbed([[1e6, 5000], [60_000, 1000], [1e6, 5000]]), ['full']);
    assert.deepEqual(climbed([[1e6, 4000, 0.25]]), ['full', 'half']);
});

test('from voice alone a picture is tried again after a while, less often when in vain', () => {
    const tries = [];
    let band = b.newBand(), was = 'full';
    for (let ms = 0; ms < 200_000; ms += 1000) {
        band = b.climb(band, 20_000, 0, ms);
        if (band.rung === 'small' && was === 'voice') tries.push(ms);
        was = band.rung;
    }
    const gaps = tries.slice(1).map((t, i) => t - tries[i]);
    assert.ok(tries.length >= 3 && gaps.every((g, i) => i === 0 || g > gaps[i - 1]), JSON.stringify(tries));
});

test('the person has the last word', () => {
    const voice = { ...b.newBand(), rung: 'voice' };
    assert.equal(b.sent(voice, 'auto'), 'voice');
    assert.equal(b.sent(voice, 'picture'), 'small');
    assert.equal(b.sent(b.newBand(), 'voice'), 'voice');
});

test('a browser that tells no rate is left at what it does', () => {
    assert.deepEqual(climbed([[null, 30_000]]), ['full']);
});

test('a link that was gone and is back is tried with a picture at once', () => {
    const voice = { ...b.newBand(), rung: 'voice', toward: 'voice', enteredMs: 1000, sinceMs: 1000, retryMs: 80_000 };
    const back = b.returned(voice, 5000);
    assert.deepEqual([back.rung, back.retryMs], ['small', 80_000], 'and what was learnt of vain attempts stays');
    const half = b.returned({ ...b.newBand(), rung: 'half', toward: 'voice', sinceMs: 1000 }, 5000);
    assert.equal(b.climb(half, 30_000, 0, 5000 + b.DOWN_MS - 1).rung, 'half', 'what was measured before does not count');
});
