// SPDX-License-Identifier: Apache-2.0
// The last hours of one relay, by the minute. A minute in which it was not heard is a gap.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { LinePlot } from '../quality/plot';
import { clock } from '../text/text';
import { Choices, Loaded, useLoad } from '../ui/ui';
import { server } from '../wire/server';
import { GAP_MS, seriesOf } from './overview';
import { words } from './text';

const SPANS = ['60', '240', '720', '1440'] as const;
const TABLE_ROWS = 60;

export function RelayHistory({ relayId }: { relayId: string }): JSX.Element {
    const [minutes, setMinutes] = useState<(typeof SPANS)[number]>('240');
    const load = useLoad(async () => (await server.call('operator.history', { relayId, minutes: Number(minutes) })).points, [relayId, minutes]);
    const name = (x: number): string => clock(new Date(x).toISOString());
    const shared = { nameOf: name, gap: GAP_MS, rows: TABLE_ROWS };
    return <>
        <Choices<(typeof SPANS)[number]> label={words('lastHours')} value={minutes} options={SPANS.map((s) => [s, words('hours', { n: Number(s) / 60 })])} onChange={(m) => setMinutes(m)} />
        <Loaded of={load}>{(points) => (points.length === 0 ? <p class="note">{words('noHistory')}</p> : <div class="operator-plots">
            <LinePlot title={words('load')} unit="%" series={[{ name: words('load'), points: seriesOf(points, (p) => Math.round(p.load * 100)) }]} {...shared} />
            <LinePlot title={words('connections')} unit="" series={[{ name: words('connections'), points: seriesOf(points, (p) => p.transports) }]} {...shared} />
            <LinePlot title={words('traffic')} unit="kbit/s" series={[{ name: words('traffic'), points: seriesOf(points, (p) => p.kbps) }]} {...shared} />
            <LinePlot title={words('lossAndRtt')} unit="" series={[{ name: words('lossPercent'), points: seriesOf(points, (p) => p.lossPercent) }, { name: words('rttMs'), points: seriesOf(points, (p) => p.rttMs) }]} {...shared} />
        </div>)}</Loaded>
        <p class="muted">{words('historyHint')}</p>
    </>;
}
