// SPDX-License-Identifier: Apache-2.0
// A TCP proxy before the server: every byte of TLS, HTTP and WebSocket frames is counted, both ways, and a narrow link can
// be put in its place: one bottleneck each way for all connections, and a delay.
import net from 'node:net';

const RECORD = 5, FINISHED = 0x17; // of TLS: header; the client's first sealed record ends its part of the handshake

/** Bytes of a TLS 1.3 handshake: what goes up to the client's Finished, and what came down before it. */
class Handshake {
    constructor() {
        this.bytes = 0;
        this.over = false;
        this.rest = Buffer.alloc(0);
    }

    up(data) {
        if (this.over) return;
        this.rest = Buffer.concat([this.rest, data]);
        while (!this.over && this.rest.length >= RECORD && this.rest.length >= RECORD + this.rest.readUInt16BE(3)) {
            const length = RECORD + this.rest.readUInt16BE(3);
            this.over = this.rest[0] === FINISHED;
            this.bytes += length;
            this.rest = this.rest.subarray(length);
        }
    }

    down(data) {
        if (!this.over) this.bytes += data.length;
    }
}

/** Bytes one after the other at `bits` a second, each `delay` ms later. 0 bits: as fast as they come. */
class Way {
    constructor() {
        this.bytes = 0;
        this.free = 0; // when the link has sent what it was given, ms
    }

    carry(piece, { bits, delay }, deliver) {
        this.bytes += piece.length;
        if (!bits && !delay) {
            deliver(piece);
            return;
        }
        const now = performance.now();
        this.free = Math.max(this.free, now) + (bits ? piece.length * 8000 / bits : 0);
        setTimeout(() => deliver(piece), this.free + delay - now);
    }
}

const PIECE = 1200; // bytes: what a narrow link sends before another connection has its turn

/** port: where it listens; count() of all; link: {bits, delay} to be changed at any time; reset(). */
export async function startProxy(host, port) {
    const link = { bits: 0, delay: 0 };
    let up = new Way(), down = new Way(), handshakes = [];
    const pipe = (from, to, way, handshake) => {
        from.on('data', (data) => {
            handshake(data);
            for (let at = 0; at < data.length; at += PIECE) way().carry(data.subarray(at, at + PIECE), link, (piece) => { if (!to.destroyed) to.write(piece); });
        });
        from.on('close', () => setTimeout(() => to.destroy(), link.delay + Math.max(0, way().free - performance.now())));
        from.on('error', () => to.destroy());
    };
    const server = net.createServer((near) => {
        const shake = new Handshake();
        handshakes.push(shake);
        const far = net.connect(port, host);
        near.setNoDelay(true);
        far.setNoDelay(true);
        pipe(near, far, () => up, (data) => shake.up(data));
        pipe(far, near, () => down, (data) => shake.down(data));
    });
    await new Promise((resolve) => server.listen(0, host, resolve));
    return {
        port: server.address().port, link,
        count: () => ({ up: up.bytes, down: down.bytes, bytes: up.bytes + down.bytes, connections: handshakes.length, of_that_tls_handshakes: handshakes.reduce((sum, h) => sum + h.bytes, 0) }),
        reset: () => { up = new Way(); down = new Way(); handshakes = []; },
        stop: () => server.close(),
    };
}
