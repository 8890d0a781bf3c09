/* The words for what is wrong with an input. Each fills *f and returns 0, which is false and what makes yajl stop. */
#ifndef CODEC_INPUT_FAULT_H
#define CODEC_INPUT_FAULT_H

#include <yajl/yajl_parse.h>

#include "codec/input_json.h"
#include "codec/input_table.h"

int fault_line(struct input_fault *f, const char *text);
/* offset counts from 0; people are told the byte from 1. */
int fault_at(struct input_fault *f, size_t offset, const char *text);
int fault_too_long(struct input_fault *f, size_t n);
/* What yajl says; its handle has just failed. */
int fault_yajl(struct input_fault *f, yajl_handle yajl);

/* member "x" COMPLAINT; "a member COMPLAINT" when its name is none to repeat */
int fault_member(struct input_fault *f, struct str name, const char *complaint);
/* member "x" COMPLAINT op "certify" */
int fault_op(struct input_fault *f, const struct member_row *row, enum op op, const char *complaint);

/* member "x": GIVEN COMPLAINT (expected what the row takes). The complaint NOT_OF_TYPE becomes "is not a date" and so
 * on. A personal value is not shown, of others what is repeatable (repeatable.h), strings in quotes. */
int fault_value(struct input_fault *f, const struct member_row *row, struct str given, const char *complaint);
int fault_string(struct input_fault *f, const struct member_row *row, struct str given, const char *complaint);

#endif
