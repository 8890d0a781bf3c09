#include "ctl/demo_person.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const unsigned districts[] = {330902, 330903, 330921, 330922};

static const char *const categories[] = {
    "employee-pension",   "resident-pension", "public-pension",  "land-pension",
    "survivor-allowance", "injury-benefit",   "early-retirement",
};

/* The city's presets and how many of a hundred stand under each. */
static const struct {
    const char *name;
    unsigned percent;
} presets[] = {{"zhoushan", 80}, {"national", 12}, {"beijing", 3}, {"365-days", 3}, {"half-yearly", 2}};

uint64_t demo_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint32_t demo_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((demo_random(state) >> 32) * n >> 32);
}

uint64_t demo_stream(uint64_t seed, uint32_t person, uint32_t purpose)
{
    uint64_t state = seed ^ (uint64_t)person << 8 ^ purpose;
    demo_random(&state);
    return state ^ (uint64_t)person * UINT64_C(0xD6E8FEB86659FD93);
}

static unsigned pick_preset(uint64_t *state)
{
    unsigned roll = demo_below(state, 100), i = 0;
    while (roll >= presets[i].percent)
        roll -= presets[i++].percent;
    return i;
}

struct demo_person demo_person(uint64_t seed, uint32_t number, lc_date start)
{
    uint64_t s = demo_stream(seed, number, DEMO_WHO);
    struct demo_person p = {.number = number};
    p.unit = demo_below(&s, DEMO_UNITS);
    p.district = p.unit % COUNT(districts);
    p.category = demo_below(&s, COUNT(categories));
    p.preset = pick_preset(&s);
    p.amount = 15000 + 100 * (int64_t)demo_below(&s, 6500);
    bool newly = demo_below(&s, 100) < 2;
    /* Whoever draws a benefit already certified at some time in the cycle before the year begins. */
    int cycle_days = p.preset == 4 ? 180 : 360;
    lc_date certified = start - 1 - (lc_date)demo_below(&s, (uint32_t)cycle_days);
    lc_date approved = certified - (lc_date)demo_below(&s, 30 * 365);
    p.approved_on = newly ? start + (lc_date)demo_below(&s, 330) : approved;
    p.last_certified_on = newly ? DATE_NONE : certified;
    return p;
}

const char *demo_policy_name(unsigned preset)
{
    return presets[preset].name;
}

struct policy demo_policy(unsigned preset)
{
    struct policy p = policy_default();
    if (preset == 2)
        p.grace = 0;
    if (preset == 3) {
        p.cycle_unit = CYCLE_DAYS;
        p.cycle = 365;
        p.validity = VALIDITY_EXACT_DAY;
    }
    if (preset == 4)
        p.cycle = 6;
    return p;
}

const char *demo_category(unsigned category)
{
    return categories[category];
}

void demo_id(const struct demo_person *p, struct buf *out)
{
    buf_printf(out, "%u-%07u", districts[p->district], p->number);
}

void demo_unit_code(unsigned unit, struct buf *out)
{
    buf_printf(out, "U%u-%03u", districts[unit % COUNT(districts)], unit / (unsigned)COUNT(districts) + 1);
}

void demo_name(uint64_t seed, uint32_t number, uint32_t which, struct buf *out)
{
    static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙",
                                           "马", "朱", "胡", "郭", "何", "林", "罗", "高", "郑", "梁", "谢", "宋",
                                           "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "乐", "庄", "翁", "毛"};
    static const char *const given[] = {"桂", "英", "秀", "兰", "玉", "珍", "国", "华", "建", "平", "志", "明",
                                        "海", "舟", "阿", "根", "菊", "香", "德", "才", "云", "凤", "金", "宝",
                                        "春", "福", "荣", "祥", "素", "琴", "文", "忠", "惠", "月", "安", "康"};
    uint64_t s = demo_stream(seed, number, DEMO_WORDS + 16 * which);
    buf_adds(out, surnames[demo_below(&s, COUNT(surnames))]);
    buf_adds(out, given[demo_below(&s, COUNT(given))]);
    if (demo_below(&s, 4))
        buf_adds(out, given[demo_below(&s, COUNT(given))]);
}

void demo_phone(uint64_t seed, uint32_t number, uint32_t which, struct buf *out)
{
    uint64_t s = demo_stream(seed, number, DEMO_WORDS + 16 * which + 8);
    buf_printf(out, "120%08u", demo_below(&s, 100000000));
}
