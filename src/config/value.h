/* The forms that values take: each parser reads one value into the section's struct (config/schema.h). */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/schema.h"

value_parser value_int;          /* int, min to max */
value_parser value_uint32;       /* uint32_t, min to max */
value_parser value_choice;       /* an enum, one of words */
value_parser value_duration;     /* int64_t, seconds */
value_parser value_time_of_day;  /* int, second of the day */
value_parser value_cycle;        /* the section is a struct policy */
value_parser value_channel_name; /* the same; one of the configuration's channels */
value_parser value_timezone;     /* these, of struct config */
value_parser value_store;
value_parser value_listen;
value_parser value_clock;
value_parser value_brake;
value_parser value_country_code;

#endif
