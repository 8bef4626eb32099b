// SPDX-License-Identifier: Apache-2.0
// Where institutions and relays are drawn: longitude and latitude laid flat, names that don't cover one another. Pure.
// Nobody says where a relay stands: they are a row above the land.
import type { Link, Overview, Place, Quality, Relay, Unable } from './overview';

export interface Spot { place: Place; x: number; y: number; name: Named | null; trouble: Unable['reason'] | null }
export interface Named { x: number; y: number; anchor: 'start' | 'end' }
export interface Mast { relay: Relay; x: number; y: number }
export interface Wire { link: Link; from: Mast; to: Spot; quality: Quality }
export interface Land { spots: Spot[]; masts: Mast[]; wires: Wire[]; height: number; unplaced: number; beyond: number; kmPerPx: number }

export interface Size { width: number; text: number } // px; text: height of a letter
const KM_PER_DEGREE = 111.32;
const MARGIN = 3; // in heights of a letter
const SHAPE = { least: 0.4, most: 0.56, narrow: 0.9 }; // height of the land to its width
const NARROW = 40; // letters

type Placed = Place & { latitude: number; longitude: number };
const isPlaced = (p: Place): p is Placed => p.latitude !== undefined && p.longitude !== undefined;
const between = (least: number, most: number, x: number): number => Math.min(most, Math.max(least, x));

interface Frame { x(p: Placed): number; y(p: Placed): number; height: number; kmPerPx: number }

/** All placed institutions in one frame; a degree of longitude is as long as the middle latitude has it. */
function frameOf(places: Placed[], { width, text }: Size, top: number): Frame {
    const lats = places.map((p) => p.latitude), lons = places.map((p) => p.longitude);
    const [south, north, west, east] = [Math.min(...lats), Math.max(...lats), Math.min(...lons), Math.max(...lons)];
    const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
    const across = Math.max((east - west) * squeeze, 0.02), along = Math.max(north - south, 0.02); // degrees; a single place is not a point
    const margin = MARGIN * text, inner = width - 2 * margin;
    const most = width < NARROW * text ? SHAPE.narrow : SHAPE.most;
    const tall = between(width * SHAPE.least, width * most, (inner * along) / across + 2 * margin) - 2 * margin;
    const perDegree = Math.min(inner / across, tall / along);
    const middleLon = (west + east) / 2, middleLat = (south + north) / 2;
    return { x: (p) => width / 2 + (p.longitude - middleLon) * squeeze * perDegree, y: (p) => top + margin + tall / 2 - (p.latitude - middleLat) * perDegree, height: top + tall + 2 * margin, kmPerPx: KM_PER_DEGREE / perDegree };
}

interface Box { left: number; right: number; top: number; bottom: number }
const cross = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Chinese letters are as wide as high, others about half. */
export function widthOf(name: string, text: number): number {
    return [...name].reduce((sum, c) => sum + (c.charCodeAt(0) > 0x2e7f ? 1 : 0.56), 0) * text;
}

/** Beside its spot, to the right or left, a little up or down; null: covered by more important ones. */
function nameSpots(spots: Spot[], { width, text }: Size): void {
    const taken: Box[] = spots.map((s) => ({ left: s.x - text * 0.4, right: s.x + text * 0.4, top: s.y - text * 0.4, bottom: s.y + text * 0.4 }));
    const gap = text * 0.7;
    for (const s of spots) {
        const wide = widthOf(s.place.name, text);
        const sides: Named[] = [0, -0.8, 0.8].flatMap((dy) => [{ x: s.x + gap, y: s.y + dy * text, anchor: 'start' as const }, { x: s.x - gap, y: s.y + dy * text, anchor: 'end' as const }]);
        const box = (n: Named): Box => ({ left: n.anchor === 'start' ? n.x : n.x - wide, right: n.anchor === 'start' ? n.x + wide : n.x, top: n.y - text * 0.6, bottom: n.y + text * 0.6 });
        s.name = sides.find((n) => { const b = box(n); return b.left >= 0 && b.right <= width && !taken.some((t) => cross(t, b)); }) ?? null;
        if (s.name) taken.push(box(s.name));
    }
}

/** Those in trouble, in calls and of a higher level come first: their names are written first. */
const weight = (s: Spot): number => (s.trouble ? 100 : 0) + (s.place.inCall ? 50 : 0) + (s.place.online ? 20 : 0) + s.place.level;

/** Where nobody was (they are listed for the tree) does not stretch the land; it is drawn if it lies there. */
function shown(placed: Placed[], o: Overview): Placed[] {
    const busy = placed.filter((p) => p.online > 0 || p.lastSeen !== undefined || o.unable.some((u) => u.institutionId === p.id));
    const of = busy.length ? busy : placed;
    const within = (get: (p: Placed) => number, p: Placed): boolean => {
        const all = of.map(get), slack = (Math.max(...all) - Math.min(...all)) / 4 + 0.02;
        return get(p) >= Math.min(...all) - slack && get(p) <= Math.max(...all) + slack;
    };
    return placed.filter((p) => of.includes(p) || (within((q) => q.latitude, p) && within((q) => q.longitude, p)));
}

export function landOf(o: Overview, size: Size): Land | null {
    const known = o.institutions.filter(isPlaced);
    const placed = shown(known, o);
    if (placed.length === 0) return null;
    const worst = new Map<string, Unable['reason']>();
    for (const u of o.unable) if (u.reason !== 'offline' || !worst.has(u.institutionId)) worst.set(u.institutionId, u.reason);
    const mastsY = size.text * 2.2;
    const frame = frameOf(placed, size, o.relays.length ? size.text * 4 : 0);
    const spots: Spot[] = placed.map((place) => ({ place, x: frame.x(place), y: frame.y(place), name: null, trouble: worst.get(place.id) ?? null }));
    spots.sort((a, b) => weight(b) - weight(a));
    nameSpots(spots, size);
    const masts = [...o.relays].sort((a, b) => a.id.localeCompare(b.id)).map((relay, i) => ({ relay, x: (size.width * (i + 0.5)) / o.relays.length, y: mastsY }));
    const wires = o.links.flatMap((link) => {
        const from = masts.find((m) => m.relay.id === link.relayId), to = spots.find((s) => s.place.id === link.institutionId);
        return from && to ? [{ link, from, to, quality: link.quality }] : [];
    });
    return { spots, masts, wires, height: frame.height, unplaced: o.institutions.length - known.length, beyond: known.length - placed.length, kmPerPx: frame.kmPerPx };
}

/** A round distance that is drawn as a scale, about a fifth of the width. */
export function scaleOf(kmPerPx: number, width: number): { km: number; px: number } {
    const most = (kmPerPx * width) / 5;
    const power = 10 ** Math.floor(Math.log10(most));
    const km = [5, 2, 1].map((m) => m * power).find((k) => k <= most) ?? power;
    return { km, px: km / kmPerPx };
}
