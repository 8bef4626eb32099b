// SPDX-License-Identifier: Apache-2.0
// Which roles one person may hold together; the same rule as signaling/auth/rights.c (rights_roles_fit). Pure.
import type { Result } from '../wire/connection';

export type Role = Result<'account.list'>['accounts'][number]['roles'][number];
export const ROLES: Role[] = ['village_doctor', 'specialist', 'coordinator', 'trainee', 'quality', 'operator', 'admin', 'service'];
const APART: Role[] = ['operator', 'quality', 'admin'];
const ALONE: Role[] = ['trainee', 'service'];

/** Why they don't go together; null: they do. */
export function fitting(roles: Role[]): 'none' | 'alone' | 'apart' | null {
    if (roles.length === 0) return 'none';
    if (roles.length > 1 && roles.some((r) => ALONE.includes(r))) return 'alone';
    return roles.filter((r) => APART.includes(r)).length > 1 ? 'apart' : null;
}
