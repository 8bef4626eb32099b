// SPDX-License-Identifier: Apache-2.0
// Tasks by kind, urgency and text. Pure.
import type { Task } from '../wire/protocol';

export type TaskKind = Task['task'];
export interface Filter { task: TaskKind | ''; urgency: Task['urgency'] | ''; text: string }

/** Of one case several tasks may wait; each is a row. */
export function filterTasks(tasks: Task[], filter: Filter): Task[] {
    const wanted = filter.text.trim().toLowerCase();
    return tasks.filter((t) => (!filter.task || t.task === filter.task) && (!filter.urgency || t.urgency === filter.urgency)
        && (!wanted || `${t.applicant.name} ${t.applicant.institution.name} ${t.specialty ?? ''}`.toLowerCase().includes(wanted)));
}

export function countTasks(tasks: Task[]): Partial<Record<TaskKind, number>> {
    const counts: Partial<Record<TaskKind, number>> = {};
    for (const t of tasks) counts[t.task] = (counts[t.task] ?? 0) + 1;
    return counts;
}
