"""What people write with personal data in it: `⟦kind|secret⟧` marks what must go. All numbers are made up or published
as examples. The harmless ones, which must stay as they are, are in `harmless_texts`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile("⟦([a-z]+)\\|([^⟧]+)⟧")


@dataclass(frozen=True)
class Case:
    """text: as written. secrets: (kind, spelling). masked: what must come out."""

    text: str
    secrets: tuple[tuple[str, str], ...]
    masked: str


def case(marked: str) -> Case:
    """The case that a line with marks stands for; `\\u200b` and the like are read as escapes."""
    line = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), marked)
    secrets = tuple((found[1], found[2]) for found in _MARK.finditer(line))
    return Case(_MARK.sub(r"\2", line), secrets, _MARK.sub(r"[\1]", line))


def cases(lines: str) -> list[Case]:
    return [case(line) for line in lines.strip().splitlines()]


CHINESE = cases("""
质量不错，有问题打我电话⟦phone|13800138000⟧
手机号：⟦phone|13912345678⟧，微信同号
手机⟦phone|15987654321⟧欢迎骚扰
加我 ⟦phone|186 1234 5678⟧ 发图
联系⟦phone|177-2233-4455⟧王先生
我的号码是⟦phone|+86 138 1234 5678⟧
电话：⟦phone|+8613612345678⟧
⟦phone|86-15012345678⟧随时在线
⟦phone|008613712345678⟧国际拨打
打 ⟦phone|0086 159 1234 5678⟧ 吧
vx⟦phone|13800138000⟧
快递小哥电话⟦phone|19912345678⟧态度真好
客服让我打⟦phone|010-65529988⟧，没人接
店里座机⟦phone|021-52345678⟧
传真⟦phone|0755-26581234⟧
公司⟦phone|(010)65551234⟧转801
联系电话：⟦phone|0571 87654321⟧
请致电⟦phone|0411-8765432⟧咨询
电话：⟦phone|87654321⟧
热线⟦phone|400-820-8820⟧根本打不通
⟦phone|02161234567⟧这个号码是你们的吗
两个号码都行：⟦phone|13800138000⟧、⟦phone|13900139000⟧
⟦phone|13800138000⟧/⟦phone|15900159000⟧
香港电话 ⟦phone|+852 2345 6789⟧
台湾手机 ⟦phone|0912-345-678⟧
澳门 ⟦phone|+853 6612 3456⟧
日本的 ⟦phone|090-1234-5678⟧ 也可以
邮箱⟦email|zhangsan@qq.com⟧
发到⟦email|li.si_88@163.com⟧谢谢
邮箱是⟦email|wang-wu@vip.sina.com⟧联系我
资料请发⟦email|hr@example.com.cn⟧。
⟦email|123456789@qq.com⟧求资源
好人一生平安⟦email|a1b2c3@126.com⟧谢谢楼主
邮箱：⟦email|test＠foxmail.com⟧
邮箱⟦email|zhangsan#qq.com⟧把#换成@
⟦email|lisi艾特163点com⟧
⟦email|987654321@qq点com⟧
我的身份证⟦id|110101199003074610⟧帮查一下
身份证号：⟦id|440307198511223011⟧
身份证号码是⟦id|11010519491231002X⟧
⟦id|11010519491231002x⟧这个证件能用吗
老身份证 ⟦id|110105491231002⟧
证件：⟦id|310115 20010608 0029⟧
身份证 ⟦id|510104-19761030-4419⟧
身份证编号⟦id|330102198802291235⟧
实名信息⟦id|650101199912318884⟧，求解封
⟦id|420106196508017727⟧张三
护照号⟦id|E12345678⟧
护照：⟦id|EA1234567⟧丢了
护照号码是 ⟦id|G12345678⟧
港澳通行证号码⟦id|C12345678⟧
香港身份证 ⟦id|A123456(3)⟧
台湾身份证 ⟦id|A123456789⟧
银行卡⟦card|6222021200007890127⟧
卡号：⟦card|6222 0212 0000 7890 127⟧
退款到⟦card|6217000010034567894⟧，张三
打到 ⟦card|6225880123456767⟧ 吧
建行卡 ⟦card|6231850001234567893⟧ 工行也行
工行⟦card|9558802001001234562⟧
信用卡⟦card|4111-1111-1111-1111⟧被盗刷
卡号是 ⟦card|4563510100123456786⟧
银行账号：⟦account|33050161234500001234⟧
支付宝账号：⟦account|2088123412341234⟧
微信：⟦account|zhangsan_88⟧
微信号：⟦account|abcdefgh⟧
加微信 ⟦account|lisi-1990⟧ 拉你进群
加v：⟦account|wangwu666⟧
VX:⟦account|xiaomei_520⟧
vx ⟦account|dabao2024⟧ 看更多
wx：⟦account|tiantian99⟧
威信⟦account|abc12345⟧
薇信号：⟦account|meimei_shop⟧
微信号是⟦account|wxid_abc123def456⟧
V信 ⟦account|kefu_001⟧
＋V ⟦account|daigou886⟧
卖家⟦account|wxid_9f8e7d6c5b4a21⟧骗子
QQ：⟦account|12345678⟧
qq ⟦account|987654321⟧
加QQ⟦account|1234567890⟧
QQ号是⟦account|55667788⟧
扣扣⟦account|778899001⟧
QQ群：⟦account|123456789⟧ 欢迎加入
加Q ⟦account|2233445566⟧
企鹅号：⟦account|66778899⟧
Q：⟦account|33445566⟧
收货人李四，电话⟦phone|13512345678⟧，地址北京
发票抬头张三，邮箱⟦email|zs@corp.example.cn⟧，电话⟦phone|0755-12345678⟧
有事微信⟦account|abc_def_1⟧或者⟦phone|18888888888⟧
2024年5月1日下单，电话⟦phone|13800138000⟧，99元
订单号20240501123456，手机⟦phone|13800138000⟧
""")

ENGLISH = cases("""
Great shoes, mail me: ⟦email|ann.smith@example.com⟧
Contact ⟦email|john_doe+shop@mail.example.co.uk⟧ for a refund
⟦email|J.Doe@Example.COM⟧ is my address
write to (⟦email|support-team@brand.io⟧) please
Please answer at ⟦email|o'neil@example.org⟧.
email=⟦email|x@y.de⟧;
ask ⟦email|first.last@sub.domain.example.museum⟧
my mail is ⟦email|ann (at) gmail.com⟧
reach me: ⟦email|ann [at] example [dot] com⟧
email: ⟦email|ann at example dot org⟧
contact ⟦email|bob.jones at yahoo dot com⟧
⟦email|sue99 at gmail.com⟧ thanks
⟦email|max(at)web.de⟧
⟦email|joe@gmail⟧ works too
write ⟦email|joe @ gmail.com⟧
write ⟦email|joe99 @ hotmail . com⟧
⟦email|kim{at}proton.me⟧ no spam
⟦email|kim AT outlook DOT com⟧
⟦email|müller@firma.de⟧ antwortet nie
Call me at ⟦phone|415-555-2671⟧
Call ⟦phone|(415) 555-2671⟧ after six
⟦phone|415.555.2671⟧ is the seller
phone: ⟦phone|4155552671⟧
my cell is ⟦phone|415 555 2671⟧
text ⟦phone|1-212-555-0187⟧
⟦phone|+1 (212) 555-0187⟧
⟦phone|+12125550187⟧ on WhatsApp
⟦phone|+1-212-555-0187⟧!
tel:⟦phone|2125550187⟧
Their hotline ⟦phone|1-800-273-8255⟧ never answers
Fax ⟦phone|(212)555-0187⟧
UK: ⟦phone|+44 20 7946 0958⟧
UK: ⟦phone|+44 (0)20 7946 0958⟧
ring ⟦phone|020 7946 0958⟧
my mobile ⟦phone|07700 900123⟧
⟦phone|07700900123⟧ text only
⟦phone|+447700900123⟧
call ⟦phone|0161 496 0123⟧ and ask for Sue
office ⟦phone|(0161) 496 0123⟧
Berlin ⟦phone|+49 30 12345678⟧
Ruf an: ⟦phone|030 12345678⟧
Handy ⟦phone|0171/1234567⟧
Handy: ⟦phone|0151-23456789⟧
Paris ⟦phone|01 42 68 53 00⟧
appelez ⟦phone|06 12 34 56 78⟧
appelez ⟦phone|06.98.76.54.32⟧
⟦phone|+33 6 12 34 56 78⟧
⟦phone|+34 612 345 678⟧ Madrid
⟦phone|+39 347 123 4567⟧ Roma
⟦phone|+91 98765 43210⟧
⟦phone|+81-90-1234-5678⟧
⟦phone|+61 412 345 678⟧ mate
⟦phone|0044 20 7946 0958⟧ from abroad
WhatsApp ⟦phone|+55 11 91234-5678⟧
my phone: ⟦phone|555-0187⟧
card ⟦card|4111 1111 1111 1111⟧ was charged twice
They charged ⟦card|4111111111111111⟧!
visa ⟦card|4012-8888-8888-1881⟧
mastercard ⟦card|5555555555554444⟧ exp 12/27
amex ⟦card|3782 822463 10005⟧
amex ⟦card|378282246310005⟧
discover ⟦card|6011 1111 1111 1117⟧
diners ⟦card|30569309025904⟧
jcb ⟦card|3530 1113 3330 0000⟧
mc ⟦card|2223003122003222⟧
card number is ⟦card|5105.1051.0510.5100⟧
my SSN is ⟦id|123-45-6789⟧
ssn ⟦id|123456789⟧
social security number: ⟦id|078-05-1120⟧
NI number ⟦id|AB 12 34 56 C⟧
NINO: ⟦id|AB123456C⟧
NRIC ⟦id|S1234567D⟧ Singapore
my DNI ⟦id|12345678Z⟧
NIE ⟦id|X1234567L⟧
cpf ⟦id|111.444.777-35⟧
aadhaar ⟦id|2341 2341 2346⟧
Korean id ⟦id|900101-1234567⟧
passport number ⟦id|123456789⟧
Passport: ⟦id|C01X00T47⟧
passport no. ⟦id|AB1234567⟧
IBAN ⟦account|DE89 3704 0044 0532 0130 00⟧
refund to ⟦account|GB29NWBK60161331926819⟧ please
⟦account|FR14 2004 1010 0505 0001 3M02 606⟧ merci
⟦account|NL91ABNA0417164300⟧
iban: ⟦account|ES91 2100 0418 4502 0005 1332⟧
⟦account|ch93 0076 2011 6238 5295 7⟧
⟦account|IT60X0542811101000000123456⟧ grazie
account number ⟦account|12345678⟧
bank account no: ⟦account|0012 3456 7890⟧
Telegram: ⟦account|ann_b99⟧
telegram @⟦account|ann_b99⟧ for deals
Skype: ⟦account|live.ann99⟧
Line ID: ⟦account|annsmith⟧
WeChat: ⟦account|annsmith⟧
wechat ⟦account|ann_smith⟧
WeChat ID ⟦account|annsmith88⟧
snap: ⟦account|annsnaps⟧
Instagram: @⟦account|ann.smith⟧
QQ ⟦account|12345678⟧ from China
discord: ⟦account|ann#1234⟧
Write ⟦email|a@b.co⟧, ⟦email|c@d.co⟧ or call ⟦phone|415-555-2671⟧
Ann, ⟦phone|+44 20 7946 0958⟧, ⟦email|ann@example.com⟧, card ⟦card|4111111111111111⟧
""")

DISGUISED = cases("""
⟦phone|1 3 8 0 0 1 3 8 0 0 0⟧
⟦phone|1-3-8-0-0-1-3-8-0-0-0⟧ 你懂的
⟦phone|1.3.8.0.0.1.3.8.0.0.0⟧
⟦phone|138.0013.8000⟧
⟦phone|138 . 0013 . 8000⟧
⟦phone|138—0013—8000⟧
⟦phone|138·0013·8000⟧
⟦phone|138 00 13 80 00⟧
⟦phone|138.001.380.00⟧
⟦phone|13800 138 000⟧
⟦phone|１３８００１３８０００⟧
电话⟦phone|１３８－００１３－８０００⟧
⟦phone|①③⑧⓪⓪①③⑧⓪⓪⓪⟧
⟦phone|𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎⟧
⟦phone|1\\u200b3\\u200b8\\u200b0\\u200b0\\u200b1\\u200b3\\u200b8\\u200b0\\u200b0\\u200b0⟧
⟦phone|138\\u200b0013\\u200b8000⟧
⟦phone|138\\u20600013\\ufeff8000⟧
⟦phone|138\\u00ad00138000⟧
⟦phone|1🌸3🌸8🌸0🌸0🌸1🌸3🌸8🌸0🌸0🌸0⟧
⟦phone|1*3*8*0*0*1*3*8*0*0*0⟧
⟦phone|一三八零零一三八零零零⟧
⟦phone|幺三八〇〇幺三八〇〇〇⟧
⟦phone|壹叁捌零零壹叁捌零零零⟧
电话⟦phone|一三八 零零一三 八零零零⟧
⟦phone|一3八00一3八000⟧加我
⟦phone|138零零一三8000⟧
⟦phone|1️3️8️0️0️1️3️8️0️0️0⟧
⟦phone|١٣٨٠٠١٣٨٠٠٠⟧
⟦phone|138  0013  8000⟧
⟦phone|(138)0013-8000⟧
⟦phone|138~0013~8000⟧
⟦phone|138/0013/8000⟧
⟦phone|1_3_8_0_0_1_3_8_0_0_0⟧
微 信 ：⟦account|abc_123⟧
V X：⟦account|abc_123⟧
W X ⟦account|abc_123⟧
Q Q：⟦account|1 2 3 4 5 6 7 8⟧
q q ⟦account|1-2-3-4-5-6-7-8⟧
ｖｘ：⟦account|ａｂｃ１２３⟧
ＱＱ⟦account|１２３４５６７８⟧
⟦email|ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ⟧
⟦email|ann﹫example.com⟧
⟦email|ann\\u200b@\\u200bexample.com⟧
⟦email|ann@example\\u200b.com⟧
⟦email|ann @ gmail . com⟧
⟦email|ann(at)gmail(dot)com⟧
⟦email|ann [ at ] gmail [ dot ] com⟧
⟦email|ann艾特gmail点com⟧
⟦email|аnn@gmаil.com⟧ with Cyrillic letters
⟦email|ann（at）qq（dot）com⟧
⟦email|ann@gmail dot com⟧
⟦email|ann.smith at gmail . com⟧
⟦card|4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1⟧
⟦card|4111.1111.1111.1111⟧
⟦card|４１１１　１１１１　１１１１　１１１１⟧
⟦card|4111\\u200b1111\\u200b1111\\u200b1111⟧
⟦card|4111–1111–1111–1111⟧
⟦card|6222-0212-0000-7890-127⟧
⟦id|1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X⟧
⟦id|１１０１０５１９４９１２３１００２Ｘ⟧
⟦id|110105 1949 1231 002X⟧
⟦id|一一零一零五一九四九一二三一零零二X⟧
⟦id|123 45 6789⟧
⟦id|123\\u200b-45-\\u200b6789⟧
⟦account|DE89\\u200b370400440532013000⟧
⟦account|DE89-3704-0044-0532-0130-00⟧
⟦phone|+ 44 20 7946 0958⟧
call ⟦phone|4-1-5-5-5-5-2-6-7-1⟧
call ⟦phone|４１５－５５５－２６７１⟧
call ⟦phone|415–555–2671⟧
call ⟦phone|415 - 555 - 2671⟧
""")
PERSONAL = [*CHINESE, *ENGLISH, *DISGUISED]
