// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { keepPages } from './app/renew';
import { Shell } from './app/shell';
import './ui/style.css';

render(<Shell />, document.getElementById('app')!);
void keepPages();
