// SPDX-License-Identifier: Apache-2.0
// Names in the menu, apart from the other words: the menu is in the first load, the pages are not.
import { catalogue } from '../text/text';

export const menu = catalogue({ statistics: '统计', audit: '审计查询' }, { statistics: 'Statistics', audit: 'Audit' });
