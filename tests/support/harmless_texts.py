"""What people write with numbers and signs that name nobody: prices, dates, models, parcels, books, scores, live chat."""

from __future__ import annotations

CHINESE = """
这双鞋才199元，太值了
原价1299现价899
价格：12999元
总共13800138000元的项目
播放量13800138000次
¥15000000000 的大单
年营收15012345678元
2024-05-01买的，2024-05-03到的
2024年5月1日 12:30:45
20240501下单20240503到货
1998-2003年生产
1949-2019 100周年
订单号：13800138000
订单编号 202405011234567890
快递单号SF1380013800012
运单号：75312345678901
中通75312345678901到了
顺丰SF1234567890123
圆通YT1234567890123
货号：A13800138000
型号RTX4090-24G
型号 WH-1000XM5
iPhone 15 Pro Max 256G 很好用
小米14 Ultra 16+512
尺码36 37 38 39 40 41 42都有
尺码 170/92A 175/96A 180/100A
身高175体重65，M码刚好
170 175 180 185 190
36-37-38-39-40
书号ISBN 9787111547426
ISBN：978-7-111-54742-6
条码6901234567892
条形码 6921168509256
第1234567位顾客
66666666666
23333333333
2333333哈哈哈哈
233333 前方高能
88888888
1111111111111111
前方高能！！！666666
三三两两一起来
一九九八年的老歌
一二三四五六七八
一二三四五，上山打老虎
三八妇女节快乐
一五一十地说
零零七来了
九九八十一难
比分3:2，2:1，0:0
比分 21-19 19-21 21-18
00:12:34 名场面
12:30-13:30 午休
双色球 01 05 12 23 28 33 + 09
大乐透 01 05 12 23 28
概率0.13800138000
圆周率3.14159265358979
版本8.0.1.20240501
版本号 10.0.19045.3930
IP 192.168.10.123
ip是192.168.100.200
端口8080 8443 9090
AV170001 BV1xx411c7mD
av13800138
UID：1380013800
房间号 21452505
北京时间20:00
邮编100871
邮政编码 518000
95588是工行的
10086打不通
拨打12315投诉
充值100000000金币
+50000000经验
1000000000播放
粉丝13800138000人
微信支付很方便
微信小程序打不开
微信 Android 版闪退
微信支付 payment failed
微信群里都在说
QQ音乐10000首歌
QQ飞车2024
QQ 2024 版
扣扣你吃饭了吗
企鹅很可爱
艾特一下我
@小明 快来看
@张三 这个好看
感谢@李四的推荐
点点点点点
加油加油加油
加v认证
加微距镜头
微信公众号
薇薇的信
VX是什么意思
v信是啥
wx.request 报错
护照怎么办理
护照要带吗
身份证丢了怎么办
身份证号110101199003074611是错的
信用卡还款日是15号
银行卡限额5000
卡里有6222块
尾号1234的卡
淘宝订单3456789012345678901
交易号 2024050122001412341234567890
长宽高 120*60*75
1920*1080 2560*1440 3840*2160
0.5 1.0 1.5 2.0 2.5 3.0
4核8G 16核32G
1/2 3/4 5/6 7/8
3000mAh 5000mAh
100ml 200ml 500ml
第12集 第13集 第14集
s01e02 s01e03
3月15日 3.15 晚会
05-12-2023 买的
2023.10.15 150元
15.10.2023 150
300 400 5000
199 299 399 499 599
1999 2999 3999
手机 1999 2999 元
手机20240501买的
电话卡100元
一个一个一个
七七八八九九
"""

ENGLISH = """
Only $199.99, was $1,299.00
Total: $13,800,138,000
raised $13800138000 in total
price 15012345678
Revenue of 15,012,345,678 yen
Bought on 2024-05-01, arrived 05/03/2024
01-02-2023 to 03-04-2023
05.06.2024 12:30
Order 13800138000 never came
order number: 4155552671
Order #114-1234567-1234567
tracking number 1Z999AA10123456784
Tracking: 9400111899223100001234
USPS 9400 1118 9922 3100 0012 34
FedEx 123456789012
DHL 1234567890
invoice no. 20240501-001
SKU-13800138000
part number 4155552671
model RX-7900-1234-5678
Model: 820-00138-01
serial 4111111111111111
IMEI 490154203237518
IMEI: 356938035643809
ISBN 0-13-110362-8
ISBN 978-0-13-110362-7
isbn 0201633612
UPC 012345678905
EAN 4006381333931
ASIN B08N5WRWNW
item 1234567890123
timestamp 1714557600
1714557600000 ms
unix time 1714557600123456
id 550e8400-e29b-41d4-a716-446655440000
sha 9f86d081884c7d659a2feaa0c55ad015
commit 13800138000abcdef
version 10.0.19045.3930
v1.2.3.4 build 20240501
kernel 5.15.0-105-generic
192.168.10.123 is the router
10.0.0.1 and 255.255.255.0
1920 x 1080 at 60 Hz
sizes 36 37 38 39 40
sizes 7 8 9 10 11 12 13
waist 30 32 34 36 38 40
1 2 3 4 5 6 7 8 9 10 11
1, 2, 3, 4, 5, 6, 7
01 02 03 04 05 06
Lottery 05 12 23 34 45
Score 21-19, 19-21, 21-18
3-2-1 go
won 6-4 3-6 7-6
1080p60 4K 2160p
Battery 5000 mAh, 10000 mAh
5 stars, 10/10, 100 percent
1,000,000 views
1000000000 views
4155552671 views
5000000000 people
pi is 3.14159265358979
0.4155552671
4111111111111112 is no card
1234567890123456
1234 5678 9012 3456
0000 0000 0000 0000
4111 1111 1111
666-12-3456
000-45-6789
900-12-3456
123-00-4567
123-45-678
GB99NWBK60161331926819
DE00370400440532013000
AB12 CDE license
flight BA2490 seat 12A
flight LH 1234567
bus 415 to 555 street
Route 66, exit 123
room 4155
zip 94103-1234
94103 San Francisco
SW1A 1AA London
PO box 12345
call me maybe
call of duty 2024
text me
phone case for iPhone 15
my phone died after 100 days
mobile legends 5 stars
contact lenses 90 pack
passport holder, black
passport control took 2 hours
wechat payment works
WeChat mini program
we chat about shoes
QQ means cute
line is long
line: very long queue
signal was weak
meet me at noon
look at amazon.com
we met at example.com yesterday
shop at nike.com
look at amazon dot com
available at store dot com
I was at home. It rained
good at maths. not at all
@ann thanks for the tip
thanks @john.smith great video
@ 10 dollars each
3 @ 5.99
5 apples @ $2
lodash@4.17.21
user@localhost
C++ 17 and C# 12
#1 choice
#12345678
top 10 of 2024
I bought 2 for 30 and 3 for 40
AB123456E
S1234567A
12345678A
A123456780
A123456(4)
X1234567A
111.444.777-36
2341 2341 2345
1234 1234 1234
901301-1234567
10-year warranty, 24/7 support
24-105 mm, 70-200 mm, 100-400 mm
100-200-300-4000
200 300 4000
555
911
"""

HARMLESS = [line for line in (CHINESE + ENGLISH).splitlines() if line]
