/* SPDX-License-Identifier: Apache-2.0 */
/* Who there is and who may ask whom: institutions of five levels, agreements between them, help
 * relations, specialties, panels. Look-ups are one statement each over indexed tables, so they hold
 * for several signalling nodes on one store and stay below a millisecond in a whole province.
 * Refuses to know: consultations (callers hand in kind, specialty, time), who is on duty
 * (signaling/duty), files (signaling/directory/exchange.h). Errors of all look-ups: SQ_ERR_STORE,
 * SQ_ERR_NOMEM, and SQ_ERR_NOT_FOUND where said. */
#ifndef SIGNALING_DIRECTORY_DIRECTORY_H
#define SIGNALING_DIRECTORY_DIRECTORY_H

#include "base/time.h"
#include "signaling/proto/method.h"

struct store_query;

/* Of one answer. Deeper or longer than this is a directory that `shanqiaoctl directory check`
 * refuses. */
#define DIRECTORY_ANCESTORS_MAX    8 /* five levels, and branches of an institution */
#define DIRECTORY_PANELS_MAX       32
#define DIRECTORY_COORDINATORS_MAX 16
#define DIRECTORY_WORD_MAX         40 /* bytes of a specialty or kind, final zero included */
#define DIRECTORY_REFERENCE_MAX    164

#define DIRECTORY_EMERGENCY "emergency" /* the specialty of panels that take any emergency */
#define DIRECTORY_OPEN_DAY  2932896     /* 9999-12-31, as a last day: no end was set */

extern const struct method_table directory_method_table; /* directory.* */

/* New references {id, name, level} and {id, name, institution {...}}. *out NULL on error:
 * SQ_ERR_NOT_FOUND too. */
int directory_institution(struct service *s, const char *institution, json_t **out);
int directory_person(struct service *s, const char *account, json_t **out);
#define DIRECTORY_PEOPLE 4 /* that are asked for at once */
/* Those persons under their ids into an object; who is not there is left out. "": nobody. */
int directory_people(struct service *s, const char *const accounts[DIRECTORY_PEOPLE], json_t *into);
/* The same in two halves, so that what is asked between them shares the way to the store. */
void directory_ask_people(struct service *s, const char *const accounts[DIRECTORY_PEOPLE],
                          struct store_query *q);
int directory_take_people(struct store_query *q, json_t *into);

/* ---- where an institution belongs ---- */

struct directory_ids {
    size_t count;
    char items[DIRECTORY_ANCESTORS_MAX][ID_MAX];
};
/* The institution itself, its parent, and so on up to the root. SQ_ERR_NOT_FOUND. */
int directory_ancestors(struct service *s, const char *institution, struct directory_ids *out);
/* Is `institution` `ancestor` itself or anywhere below it? */
int directory_belongs(struct service *s, const char *institution, const char *ancestor, bool *out);
/* The same begun only: it is, if the query has a row. */
void directory_ask_belongs(struct service *s, const char *institution, const char *ancestor,
                           struct store_query *q);

struct directory_accounts {
    size_t count;
    char items[DIRECTORY_COORDINATORS_MAX][ID_MAX];
    char institution[ID_MAX]; /* theirs; "" for none */
};
/* Enabled coordinators of the institution, or of its nearest ancestor that has any; none: count 0.
 */
int directory_coordinators(struct service *s, const char *institution,
                           struct directory_accounts *out);

/* ---- agreements ---- */

enum directory_strategy {
    DIRECTORY_RING_ALL,    /* "ring_all" */
    DIRECTORY_RING_ONE,    /* "ring_one": one member, then the next panel */
    DIRECTORY_NEXT_IN_LINE /* "next_in_line": one member after the other */
};
const char *directory_strategy_name(enum directory_strategy strategy);

/* true: a person does it; false: it happens by itself. */
struct directory_policy {
    bool approve_inviting, approve_invited, triage, schedule;
    enum directory_strategy strategy;
    time_us ring_us; /* how long a member (or all of them) rings; 0: as the installation says */
};

struct directory_agreement {
    char id[ID_MAX]; /* "" inside one institution, which needs none */
    char inviting[ID_MAX], invited[ID_MAX];
    char reference[DIRECTORY_REFERENCE_MAX]; /* of the contract, with its sharing of risks */
    time_us from_us, until_us;               /* UTC, until_us exclusive, TIME_US_NEVER: open */
    struct directory_policy policy;
};
/* The agreement in force at utc_us by which people of `inviting` may ask `invited` for `kind`
 * ("live" ...; NULL: any) in `specialty` ("" or NULL: any): its own one, else that of its nearest
 * ancestor. Inside one institution (inviting is invited) all is automatic and rings all.
 * SQ_ERR_NOT_FOUND: none. */
int directory_agreement(struct service *s, const char *inviting, const char *invited,
                        const char *kind, const char *specialty, time_us utc_us,
                        struct directory_agreement *out);

/* ---- panels ---- */

struct directory_panel {
    char id[ID_MAX], institution[ID_MAX];
    char specialty[DIRECTORY_WORD_MAX];
    int level;    /* 1 village ... 5 province */
    int distance; /* steps along parents or help relations from where the question began */
};
struct directory_panels {
    size_t count;
    struct directory_panel items[DIRECTORY_PANELS_MAX];
};

/* An open panel. SQ_ERR_NOT_FOUND: there is none, or it is closed. */
int directory_panel(struct service *s, const char *panel, time_us utc_us,
                    struct directory_panel *out);

/* Open panels; NULL, or 0 for the level: any. By level, then id. */
struct directory_filter {
    const char *institution, *specialty;
    int level;
};
int directory_panels(struct service *s, const struct directory_filter *filter, time_us utc_us,
                     struct directory_panels *out);

/* Where a request goes that panel `from` did not answer: open panels of the specialty in the
 * institutions that help `from`'s institution, then in those that help these, nearest first, in the
 * relations' order. `from` itself and each institution twice are left out, so a cycle of help ends.
 * The caller takes the first that it has not tried. */
int directory_escalation(struct service *s, const char *from, const char *specialty, time_us utc_us,
                         struct directory_panels *out);

/* Panels around an institution at every level: of itself, its ancestors, and all that help any of
 * these over at most three relations, lowest level and then nearest first. Specialty NULL: any. */
int directory_around(struct service *s, const char *institution, const char *specialty,
                     time_us utc_us, struct directory_panels *out);

/* The same for an emergency: panels of the specialty (NULL: none special) and those that take any
 * emergency (DIRECTORY_EMERGENCY). */
int directory_emergency(struct service *s, const char *institution, const char *specialty,
                        time_us utc_us, struct directory_panels *out);

#endif
