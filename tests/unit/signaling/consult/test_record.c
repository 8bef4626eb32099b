/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever happens to a consultation, what is stored is what was decided: random lives over the
 * store, each step loaded again and compared; what was refused or undone left nothing behind. */
#include "histories.h"
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/consult/perform.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVES      12
#define LIFE_STEPS 60

static struct people p;

static void up(void)
{
    region_init(&p);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_record, .init = up, .fini = down, .timeout = 600);

static const char *const pool[] = {EXPERT_1, EXPERT_2,        EXPERT_3,     CITY_EXPERT,
                                   STRANGER, PROVINCE_EXPERT, OTHER_DOCTOR, TRAINEE};
#define POOL (sizeof(pool) / sizeof(pool[0]))

static bool same_members(const struct consult *a, const struct consult *b)
{
    for (int i = 0; i < a->member_count; i++) {
        const struct consult_member *x = &a->members[i], *y = &b->members[i];
        if (x->role != y->role || x->ring != y->ring || x->presence != y->presence ||
            x->opinion != y->opinion || x->ready != y->ready || x->took_part != y->took_part)
            return false;
    }
    return a->member_count == b->member_count && a->specialist == b->specialist;
}

static bool same_plan(const struct consult_plan *a, const struct consult_plan *b)
{
    return a->strategy == b->strategy && a->level == b->level && a->escalating == b->escalating &&
           a->exhausted == b->exhausted && a->rang == b->rang && a->refused == b->refused &&
           a->unanswered == b->unanswered;
}

static bool same_numbers(const struct consult *a, const struct consult *b)
{
    return a->kind == b->kind && a->urgency == b->urgency && a->state == b->state &&
           a->reason == b->reason && a->needs == b->needs && a->approvals == b->approvals &&
           a->consent == b->consent && a->applicant == b->applicant &&
           a->applicant_ready == b->applicant_ready && a->room.open == b->room.open &&
           a->room.live == b->room.live && a->backfill.state == b->backfill.state &&
           a->backfill.left == b->backfill.left && a->critical == b->critical &&
           a->absence.applicant == b->absence.applicant &&
           a->absence.members == b->absence.members && a->follow_up_days == b->follow_up_days;
}

static bool same_times(const struct consult *a, const struct consult *b)
{
    for (int i = 0; i < CONSULT_DEADLINE_COUNT; i++)
        if (a->deadlines[i] != b->deadlines[i])
            return false;
    return a->slot.start_utc_us == b->slot.start_utc_us &&
           a->slot.end_utc_us == b->slot.end_utc_us &&
           memcmp(&a->at, &b->at, sizeof(a->at)) == 0; /* times alone */
}

static void expect_stored(const struct consult_record *r, const struct consult_event *e)
{
    struct consult_record *loaded = malloc(sizeof(*loaded));
    cr_assert_eq(consult_record_load(&p.service, r->id, loaded), 0);
    const char *what = consult_event_name(e->type);
    cr_expect(same_numbers(&r->step, &loaded->step), "numbers after %s", what);
    cr_expect(same_plan(&r->step.plan, &loaded->step.plan), "plan after %s", what);
    cr_expect(same_times(&r->step, &loaded->step), "times after %s", what);
    cr_expect(same_members(&r->step, &loaded->step), "members after %s", what);
    cr_expect_eq(loaded->revision, r->revision);
    for (int i = 0; i < r->step.member_count; i++) {
        cr_expect_str_eq(loaded->people[i].account, r->people[i].account);
        cr_expect_str_eq(loaded->people[i].session, r->people[i].session);
    }
    cr_expect_str_eq(loaded->place.panel, r->place.panel);
    cr_expect_str_eq(loaded->place.agreement, r->place.agreement);
    cr_expect_eq(loaded->panel_count, r->panel_count);
    consult_record_clear(loaded);
    free(loaded);
}

/* False: this event needs somebody whom the test does not have. */
static bool seat(struct consult_record *r, const struct consult_event *e)
{
    int member = e->member;
    if (e->type == CONSULT_ADD && member == r->step.member_count) {
        for (size_t i = 0; i < POOL; i++) {
            if (consult_record_member(r, pool[i]) != CONSULT_NOBODY)
                continue;
            snprintf(r->people[member].account, ID_MAX, "%s", pool[i]);
            return true;
        }
        return false;
    }
    if (e->type == CONSULT_ENTER && member >= 0 && member < r->step.member_count)
        snprintf(r->people[member].session, ID_MAX, "ses_%d", member);
    return true;
}

/* One event in a transaction of its own. */
static void one_step(struct history *h, const char *id, int *applied)
{
    struct effects effects = {0};
    struct consult_act act = {
        .service = &p.service, .effects = &effects, .by = VILLAGER, .utc_us = h->utc_us};
    struct consult_record *r = malloc(sizeof(*r));
    cr_assert_eq(consult_record_load(&p.service, id, r), 0);
    h->c = r->step;
    struct consult_event e = history_event(h);
    act.utc_us = h->utc_us;
    cr_assert_eq(store_begin(p.service.store), 0);
    int status =
        e.type != CONSULT_ROUTE && seat(r, &e) ? consult_perform(&act, r, &e) : SQ_ERR_STATE;
    bool undone = status == 0 && prng_below(&h->random, 8) == 0;
    if (status == 0 && !undone) {
        cr_assert_eq(store_commit(p.service.store), 0);
        expect_stored(r, &e);
        (*applied)++;
    } else {
        static const int refusals[] = {SQ_ERR_STATE, SQ_ERR_INVALID, SQ_ERR_CONFLICT, SQ_ERR_DENIED,
                                       SQ_ERR_LIMIT};
        bool plain = undone;
        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
            plain |= status == refusals[i];
        cr_assert(plain, "%s: %s %s", consult_event_name(e.type), sq_error_name(status),
                  store_error(p.service.store));
        store_rollback(p.service.store);
    }
    effects_clear(&effects);
    consult_record_clear(r);
    free(r);
}

Test(consult_record, what_is_stored_is_what_was_decided)
{
    static const char *const kinds[] = {"live",    "emergency", "guidance",
                                        "reading", "mdt",       "joint_clinic"};
    int applied = 0;
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, EXPERT_2, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    for (int life = 0; life < LIVES; life++) {
        struct history h = history_of((uint64_t)life + 1);
        char id[ID_MAX];
        region_agreement(&p, life & 1, life >> 1 & 1, life >> 2 & 1, life % 3);
        json_t *request = region_request(kinds[life % 6]);
        json_object_set_new(request, "candidateTimes",
                            json_pack("[{s:s, s:s}]", "start", region_time(&p, TIME_US_PER_S),
                                      "end", region_time(&p, 2 * TIME_US_PER_S)));
        region_submit(&p, request, id);
        h.utc_us = p.utc_us;
        for (int step = 0; step < LIFE_STEPS; step++)
            one_step(&h, id, &applied);
        p.utc_us = h.utc_us;
    }
    cr_expect_gt(applied, LIVES * LIFE_STEPS / 10, "%d steps were heard", applied);
    cr_log_info("%d steps stored and loaded", applied);
}
