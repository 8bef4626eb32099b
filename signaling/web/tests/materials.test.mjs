// SPDX-License-Identifier: Apache-2.0
// Which preview stands for which original: only where no other could be meant.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bundled } from './support.mjs';

const { listed, originalOf, previewOf } = await bundled('viewers/model.ts');
const photo = (id, name, preview = false) => ({ id, name, preview, type: 'photo', addedAt: '2026-11-22T09:00:00Z' });

test('a preview is that of the one original of its name', () => {
    const all = [photo('a', 'eye.jpg'), photo('p', 'eye-preview.jpg', true), photo('b', 'skin.png')];
    assert.equal(previewOf(all[0], all), all[1]);
    assert.equal(originalOf(all[1], all), all[0]);
    assert.deepEqual(listed(all).map((m) => m.id), ['a', 'b']);
});

test('two photos of one name: none gets the preview of the other, and all are listed', () => {
    const all = [photo('a', 'image.jpg'), photo('p', 'image-preview.jpg', true), photo('b', 'image.jpg')];
    for (const one of [all[0], all[2]]) assert.equal(previewOf(one, all), undefined);
    assert.equal(listed(all).length, 3);
    const previews = [photo('a', 'image.jpg'), photo('p', 'image-preview.jpg', true), photo('q', 'image-preview.jpg', true)];
    assert.equal(previewOf(previews[0], previews), undefined);
    assert.equal(listed(previews).length, 3);
});
