/* What the files that make stories up share with one another. */
#ifndef TESTS_MODEL_STORY_PARTS_H
#define TESTS_MODEL_STORY_PARTS_H

#include "tests/model/story.h"

int draw_below(struct author *a, int n);
int draw_between(struct author *a, int low, int high);
bool draw_chance(struct author *a, int percent);

#define PICK(a, list) ((list)[draw_below((a), (int)(sizeof(list) / sizeof *(list)))])

/* One that ships, or something like it. */
struct m_policy draw_preset(struct author *a);
struct m_policy draw_policy(struct author *a);
/* A change of one thing, or of everything. */
struct m_policy draw_change(struct author *a, const struct m_policy *from);

int story_today(const struct author *a, const struct m_world *w);
/* The nearest day that an input may name. */
int story_clip(int day);
/* A day so that the cycle counted from it ends with its grace about now. */
int draw_nearly_stale(struct author *a, const struct m_policy *policy, int today);
/* A day at which one of the rules turns, or one next to it. */
int draw_turning_day(struct author *a, const struct m_world *w, const struct m_person *p);

void draw_input(struct author *a, const struct m_world *w, const struct m_person *p, struct m_input *in);

#endif
