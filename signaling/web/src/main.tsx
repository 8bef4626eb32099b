// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { Shell } from './app/shell';
import './ui/style.css';

render(<Shell />, document.getElementById('app')!);
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js');
