// Signs requests to cloud gateways as their official libraries do, for an end-to-end test.
//
//     node sign.mjs FILE
//
// Each line of the file is a JSON object: what a message is made of, and the request that was written for it; all text
// is hexadecimal UTF-8. Printed for each: the Authorization that the library makes of the message, a tab, and whether a
// gateway reads the message's own values in that request: "agrees", or what it reads instead.
import fs from 'node:fs';

import aliyun from '@alicloud/openapi-util';
import tencent from 'tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js';

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const CONTENT_TYPE = 'application/json; charset=utf-8';

const text = hex => Buffer.from(hex, 'hex').toString();

function agree(read, meant) {
    const [got, wanted] = [JSON.stringify(read), JSON.stringify(meant)];
    return got === wanted ? 'agrees' : `reads ${got} for ${wanted}`;
}

function signAliyun(message, url) {
    const query = {
        OutId: message.id, PhoneNumbers: message.phone.replace('+86', ''), SignName: message.signature,
        TemplateCode: message.template, TemplateParam: JSON.stringify(Object.fromEntries(message.variables)),
    };
    const headers = {
        host: url.host, 'x-acs-action': 'SendSms', 'x-acs-content-sha256': EMPTY_SHA256,
        'x-acs-date': new Date(message.now * 1000).toISOString().replace('.000Z', 'Z'),
        'x-acs-signature-nonce': message.nonce, 'x-acs-version': '2017-05-25',
    };
    const request = { method: 'POST', pathname: '/', query, headers };
    const authorization =
        aliyun.default.getAuthorization(request, 'ACS3-HMAC-SHA256', EMPTY_SHA256, message.key, message.secret);
    return [authorization, agree(Object.fromEntries(url.searchParams), query)];
}

function signTencent(message, url, body) {
    const payload = {
        PhoneNumberSet: [message.phone], SmsSdkAppId: message.app, SignName: message.signature,
        TemplateId: message.template, TemplateParamSet: message.variables.map(([, value]) => value),
        SessionContext: message.id,
    };
    const authorization = tencent.default.sign3({ // of bytes: the library's own JSON escapes more than it must
        method: 'POST', url: url.href, payload: Buffer.from(JSON.stringify(payload)), timestamp: message.now,
        service: 'sms', secretId: message.key, secretKey: message.secret, headers: { 'Content-Type': CONTENT_TYPE },
    });
    return [authorization, agree(JSON.parse(body), payload)];
}

for (const line of fs.readFileSync(process.argv[2], 'utf8').split('\n').filter(line => line)) {
    const { gateway, now, nonce, variables, url, body, ...hex } = JSON.parse(line);
    const message = Object.fromEntries(Object.entries(hex).map(([name, value]) => [name, text(value)]));
    Object.assign(message, { now, nonce, variables: variables.map(pair => pair.map(text)) });
    const sign = gateway === 'aliyun' ? signAliyun : signTencent;
    console.log(sign(message, new URL(text(url)), text(body)).join('\t'));
}
