// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) piece by piece: WebCrypto wants a whole file in memory, and a DICOM series is larger than what an
// old machine has to spare. Lower-case hex out.
const K = new Uint32Array(64);
const FIRST = new Uint32Array(8);

/** Fractional parts of roots of the first primes (sections 4.2.2 and 5.3.3). */
function constants(): void {
    const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32);
    for (let n = 2, i = 0; i < 64; n++) {
        let prime = true;
        for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
        if (!prime) continue;
        if (i < 8) FIRST[i] = fraction(Math.sqrt(n));
        K[i++] = fraction(Math.cbrt(n));
    }
}
constants();

const BLOCK = 64;

export class Sha256 {
    private readonly h = FIRST.slice();
    private readonly w = new Uint32Array(64);
    private readonly rest = new Uint8Array(BLOCK);
    private restLength = 0;
    private total = 0; // bytes

    update(bytes: Uint8Array): this {
        let at = 0;
        this.total += bytes.length;
        if (this.restLength) {
            at = Math.min(BLOCK - this.restLength, bytes.length);
            this.rest.set(bytes.subarray(0, at), this.restLength);
            this.restLength += at;
            if (this.restLength < BLOCK) return this;
            this.block(this.rest, 0);
            this.restLength = 0;
        }
        for (; at + BLOCK <= bytes.length; at += BLOCK) this.block(bytes, at);
        this.rest.set(bytes.subarray(at));
        this.restLength = bytes.length - at;
        return this;
    }

    hex(): string {
        const bits = this.total * 8;
        const pad = new Uint8Array((this.restLength < 56 ? 64 : 128) - this.restLength);
        pad[0] = 0x80;
        const view = new DataView(pad.buffer);
        view.setUint32(pad.length - 8, Math.floor(bits / 2 ** 32));
        view.setUint32(pad.length - 4, bits >>> 0);
        this.update(pad);
        return [...this.h].map((word) => word.toString(16).padStart(8, '0')).join('');
    }

    private block(m: Uint8Array, at: number): void {
        const { w, h } = this;
        for (let t = 0; t < 16; t++, at += 4) w[t] = (m[at]! << 24) | (m[at + 1]! << 16) | (m[at + 2]! << 8) | m[at + 3]!;
        for (let t = 16; t < 64; t++) {
            const x = w[t - 15]!, y = w[t - 2]!;
            const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
            const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
            w[t] = w[t - 16]! + s0 + w[t - 7]! + s1;
        }
        let a = h[0]!, b = h[1]!, c = h[2]!, d = h[3]!, e = h[4]!, f = h[5]!, g = h[6]!, k = h[7]!;
        for (let t = 0; t < 64; t++) {
            const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
            const t1 = (k + s1 + ((e & f) ^ (~e & g)) + K[t]! + w[t]!) | 0;
            const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
            const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
            k = g; g = f; f = e; e = (d + t1) | 0;
            d = c; c = b; b = a; a = (t1 + t2) | 0;
        }
        h[0]! += a; h[1]! += b; h[2]! += c; h[3]! += d; h[4]! += e; h[5]! += f; h[6]! += g; h[7]! += k;
    }
}
