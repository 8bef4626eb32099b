// SPDX-License-Identifier: Apache-2.0
// The last hours or days of one relay, of all nodes together. A time in which it was not heard is a gap; loss and delay
// are of people in calls, so there is none where nobody was.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { LinePlot } from '../quality/plot';
import { clock, when } from '../text/text';
import { Choices, Loaded, useLoad } from '../ui/ui';
import { server } from '../wire/server';
import { GAP_MS, seriesOf, type HistoryPoint } from './overview';
import { words } from './text';

const SPANS = [['60', 'hours', 1], ['240', 'hours', 4], ['1440', 'hours', 24], ['10080', 'days', 7]] as const;
type Span = (typeof SPANS)[number][0];
const TABLE_ROWS = 60;

export function RelayHistory({ relayId }: { relayId: string }): JSX.Element {
    const [minutes, setMinutes] = useState<Span>('240');
    const load = useLoad(() => server.call('operator.history', { relayId, minutes: Number(minutes) }), [relayId, minutes]);
    const name = (x: number): string => (minutes === '10080' ? when : clock)(new Date(x).toISOString());
    const inCalls = (p: HistoryPoint, value: number): number | null => (p.kbps > 0 ? value : null);
    return <>
        <Choices<Span> label={words('lastHours')} value={minutes} options={SPANS.map(([s, unit, n]) => [s, words(unit, { n })])} onChange={(m) => setMinutes(m)} />
        <Loaded of={load}>{({ points, stepMinutes }) => {
            const shared = { nameOf: name, gap: stepMinutes * GAP_MS, rows: TABLE_ROWS };
            return points.length === 0 ? <p class="note">{words('noHistory')}</p> : <div class="operator-plots">
            <LinePlot title={words('load')} unit="%" series={[{ name: words('load'), points: seriesOf(points, (p) => Math.round(p.load * 100)) }]} {...shared} />
            <LinePlot title={words('connections')} unit="" series={[{ name: words('connections'), points: seriesOf(points, (p) => p.transports) }]} {...shared} />
            <LinePlot title={words('traffic')} unit="kbit/s" series={[{ name: words('traffic'), points: seriesOf(points, (p) => p.kbps) }]} {...shared} />
            <LinePlot title={words('lossPlot')} unit="%" series={[{ name: words('lossPlot'), points: seriesOf(points, (p) => inCalls(p, p.lossPercent)) }]} {...shared} />
            <LinePlot title={words('rttPlot')} unit="ms" series={[{ name: words('rttPlot'), points: seriesOf(points, (p) => inCalls(p, p.rttMs)) }]} {...shared} />
            </div>;
        }}</Loaded>
        <p class="muted">{words('historyHint')}</p>
    </>;
}
