/* What a phone would make a link of is found, and ordinary sentences are left alone. */
#include <stdio.h>

#include "message/link.h"
#include "tests/lib/tap.h"

static const char *const links[] = {
    "http://1.2.3.4/",
    "请打开HTTPS://认证",
    "weixin://dl/business",
    "请登录www.社保局",
    "www。abc",
    "abc.cn",
    "请登录abc.cn/q认证",
    "ABC.CN",
    "a-b.example.com",
    "t.cn/A6x",
    "发到me@abc.com",
    "ａｂｃ．ｃｎ",
    "abc。cn",
    "abc｡cn",
    "abc．cn",
    "abc﹒cn",
    "abc․cn",
    "社保.cn",
    "社保.中国",
    "社保．网址",
    "社保.xn--fiqs8s",
    "12333.gov.cn",
    "1.2.3.4",
    "请打开10.0.0.5:8600",
    "3.com",
};

static const char *const plain[] = {
    "",
    "请在2026年5月31日前完成认证。",
    "补发1234.50元，发放日为2026-07-15。",
    "1.请携带身份证 2.请尽快办理",
    "1.公司 2.在线",
    "到期未认证。APP、窗口均可办理。",
    "请拨打12333.",
    "Please certify. Ask us.",
    "e.g. at a counter, Mr. Li",
    "日期2026.05.31",
    "版本1.2.3",
    "时间9:00/10:00",
    "请于9:00…10:00办理",
    "...",
    ".",
    "www",
    "://",
};

int main(void)
{
    const unsigned n = sizeof links / sizeof links[0], m = sizeof plain / sizeof plain[0];
    plan(n + m + 3);
    struct str where;
    for (unsigned i = 0; i < n; i++)
        ok(link_find(str_of(links[i]), &where), "\"%s\" has a link", links[i]);
    for (unsigned i = 0; i < m; i++)
        ok(!link_find(str_of(plain[i]), &where), "\"%s\" has none", plain[i]);
    where = STR_NONE;
    char text[64] = "";
    if (link_find(str_of("认证：请 登录abc.cn/q?a=1 办理"), &where))
        snprintf(text, sizeof text, "%.*s", (int)where.n, where.p);
    is_str(text, "登录abc.cn/q?a=1", "the place is told with what is around it");
    if (link_find(str_of("1234567890123456789012345.cn"), &where))
        snprintf(text, sizeof text, "%.*s", (int)where.n, where.p);
    is_str(text, "456789012345.cn", "but not with all of a long line");
    ok(link_find((struct str){"abc.cnxyz", 6}, &where) && where.n == 6, "nothing behind the text's end is looked at");
    return tap_end();
}
