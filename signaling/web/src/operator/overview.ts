// SPDX-License-Identifier: Apache-2.0
// The wire's overview in the shape that is looked at: a tree of nodes, relays and institutions, and who can't speak, the
// worst first. Pure.
import type { Result } from '../wire/connection';

export type Overview = Result<'operator.overview'>;
export type Relay = Overview['relays'][number];
export type Link = Overview['links'][number];
export type Place = Overview['institutions'][number];
export type Unable = Overview['unable'][number];
export type HistoryPoint = Result<'operator.history'>['points'][number];
export type Quality = Link['quality'];

export const QUALITIES: Quality[] = ['good', 'fair', 'poor', 'none'];
const REASONS: Unable['reason'][] = ['relay_silent', 'media_lost', 'connection_lost', 'no_media', 'poor', 'offline'];

export interface Named<T> { of: T; name: string; level: number | undefined }
export interface Branch { relay: Relay; links: Named<Link>[]; worst: Quality | null }

function placesOf(o: Overview): Map<string, Place> {
    return new Map(o.institutions.map((p) => [p.id, p]));
}

const rank = (q: Quality): number => QUALITIES.indexOf(q);

/** Relays in trouble first, then by load; below each its links, the worst first. */
export function branchesOf(o: Overview): Branch[] {
    const places = placesOf(o);
    const order = { silent: 0, never: 1, up: 2 };
    return [...o.relays].sort((a, b) => order[a.state] - order[b.state] || b.load - a.load || a.id.localeCompare(b.id)).map((relay) => {
        const links = o.links.filter((l) => l.relayId === relay.id).map((of) => ({ of, name: places.get(of.institutionId)?.name ?? of.institutionId, level: places.get(of.institutionId)?.level }));
        links.sort((a, b) => rank(b.of.quality) - rank(a.of.quality) || b.of.people - a.of.people || a.name.localeCompare(b.name));
        return { relay, links, worst: links[0]?.of.quality ?? null };
    });
}

/** In calls first, then those who only lost their connection; among equals, the longest. */
export function unableOf(o: Overview): Named<Unable>[] {
    const places = placesOf(o);
    const rankOf = (u: Unable): number => REASONS.indexOf(u.reason);
    const sinceOf = (u: Unable): number => (u.since ? Date.parse(u.since) : Number.MAX_SAFE_INTEGER);
    return o.unable.map((of) => ({ of, name: places.get(of.institutionId)?.name ?? of.institutionId, level: places.get(of.institutionId)?.level }))
        .sort((a, b) => rankOf(a.of) - rankOf(b.of) || sinceOf(a.of) - sinceOf(b.of) || a.name.localeCompare(b.name));
}

/** Institutions below their parents, as far as both are listed. */
export interface Twig { place: Place; below: Twig[] }
export function twigsOf(places: Place[]): Twig[] {
    const twigs = new Map(places.map((place) => [place.id, { place, below: [] as Twig[] }]));
    const roots: Twig[] = [];
    for (const twig of twigs.values()) {
        const parent = twig.place.parent ? twigs.get(twig.place.parent) : undefined;
        (parent && parent !== twig ? parent.below : roots).push(twig);
    }
    const sort = (list: Twig[]): void => {
        list.sort((a, b) => b.place.level - a.place.level || a.place.name.localeCompare(b.place.name));
        list.forEach((t) => sort(t.below));
    };
    sort(roots);
    return roots;
}

/** Addresses as the schema wants them; a host alone gets the usual port. */
export function addressOf(text: string, port: number): string | null {
    const match = /^(?:tcp:\/\/)?([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?$/.exec(text.trim());
    const wanted = Number(match?.[2] ?? port);
    return match && wanted >= 1 && wanted <= 65535 ? `tcp://${match[1]}:${wanted}` : null;
}

const MINUTE_MS = 60_000;
/** A silent minute has no point: a wider step breaks the line. */
export const GAP_MS = 1.5 * MINUTE_MS;

export function seriesOf(points: HistoryPoint[], of: (p: HistoryPoint) => number | null): { x: number; y: number | null }[] {
    return points.map((p) => ({ x: Date.parse(p.at), y: of(p) }));
}
