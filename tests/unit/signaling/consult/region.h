/* SPDX-License-Identifier: Apache-2.0 */
/* The people of people.h in a region: a township above the village and a desk at each side, a city
 * and a province that help the county. Time is the test's. */
#ifndef TESTS_UNIT_SIGNALING_REGION_H
#define TESTS_UNIT_SIGNALING_REGION_H

#include "people.h"

#define BASE_DESK       "acc_base_desk"   /* coordinator of the township, for the village */
#define COUNTY_DESK     "acc_county_desk" /* coordinator of the county hospital */
#define CITY_DESK       "acc_city_desk"
#define CITY_EXPERT     "acc_city_expert"
#define PROVINCE_EXPERT "acc_province_expert"
#define TRAINEE         "acc_trainee"
#define STRANGER        "acc_stranger" /* a specialist of a hospital without any agreement */
#define CITY_PANEL      "heart_city"
#define PROVINCE_PANEL  "heart_province"
#define STRANGE_PANEL   "heart_far"

void region_init(struct people *p);

/* Flags of the agreement between village and county: 0 or 1 each. */
void region_agreement(struct people *p, int approve_inviting, int approve_invited, int triage,
                      int strategy);
void region_on_duty(struct people *p, const char *account, const char *panel);

/* Calls, and fails the test with the message when it is refused. Takes over params. */
void region_ok(struct people *p, const char *account, const char *method, json_t *params);
/* The same with {id} alone. */
void region_act(struct people *p, const char *account, const char *method, const char *id);
/* people_request of another kind, without candidate times. */
json_t *region_request(const char *kind);
/* Submits `request` as VILLAGER; id[ID_MAX] gets the consultation. */
void region_submit(struct people *p, json_t *request, char *id);
/* VILLAGER's first material: something to read. */
void region_material(struct people *p, const char *id);
/* State as VILLAGER sees it. */
const char *region_state(struct people *p, const char *id);
/* Carries out what is due at p->utc_us; effects stay in p->call. */
void region_due(struct people *p);
/* RFC 3339 text of p->utc_us + after_us; valid until the next four calls. */
const char *region_time(const struct people *p, time_us after_us);

#endif
