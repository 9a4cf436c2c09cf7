"""What people write with names in it, marked by hand: `⟦b|Sony⟧` brand, p product, c colour, h person, l place.

Written for Braid by one author, who also wrote the rules. The lists were completed while looking at TUNED. HELD was met
once before anything was mended for it; docs/meaning.md has the figures of that time, which today's flatter. Aspects
(courier, battery) are marked in `felt_texts`. Goods are marked wherever a reader would say that goods are named, whether
the lists know them or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from streams.domain.readings import MentionKind

_KINDS: Final[dict[str, MentionKind]] = {"b": "brand", "p": "product", "c": "color", "h": "person", "l": "place"}
_MARK: Final = re.compile("⟦([bpchl])\\|([^⟧]+)⟧")


@dataclass(frozen=True)
class NamedText:
    """text: as written. named: (kind, start, end) by place."""

    text: str
    named: tuple[tuple[MentionKind, int, int], ...]


def named_text(marked: str) -> NamedText:
    parts: list[str] = []
    named: list[tuple[MentionKind, int, int]] = []
    at = n_chars = 0
    for found in _MARK.finditer(marked):
        before = marked[at : found.start()]
        start = n_chars + len(before)
        n_chars = start + len(found[2])
        named.append((_KINDS[found[1]], start, n_chars))
        parts += (before, found[2])
        at = found.end()
    return NamedText("".join((*parts, marked[at:])), tuple(named))


def _texts(lines: str) -> tuple[NamedText, ...]:
    return tuple(map(named_text, lines.strip().splitlines()))


TUNED: Final = _texts("""
I love my ⟦b|Sony⟧ ⟦p|headphones⟧ but the cable is short
The ⟦b|Zojirushi⟧ ⟦p|rice cooker⟧ makes perfect ⟦p|rice⟧ every time
We bought the ⟦c|red⟧ ⟦p|kettle⟧ in ⟦l|London⟧
My ⟦b|Apple⟧ ⟦p|laptop⟧ came from ⟦l|Shanghai⟧ in three days
She baked an apple pie and served it with ⟦p|tea⟧ from ⟦l|Japan⟧
We ate roast turkey on thanksgiving and it was dry
Last spring we flew to ⟦l|Turkey⟧ and stayed near the sea
A gripping ⟦p|novel⟧ by ⟦h|Donna Tartt⟧
The ⟦p|film⟧ was directed by ⟦h|Ang Lee⟧ and shot in ⟦l|Taiwan⟧
I had to redo the whole thing after reading the manual
Simple to use and easy to clean
The ⟦b|KitchenAid⟧ ⟦p|mixer⟧ in ⟦c|gray⟧ looks great next to my ⟦p|toaster⟧
The orange marmalade tastes of real ⟦p|oranges⟧
Got the ⟦p|phone case⟧ in ⟦c|orange⟧ and it fits the ⟦p|iPhone 15 Pro⟧
⟦h|Gordon Ramsay⟧ would not approve of this ⟦p|frying pan⟧
I ordered from ⟦b|Amazon⟧ and it shipped from ⟦l|Germany⟧
Never shop at ⟦b|Target⟧ again, the staff was rude
My target weight is ten pounds away
He plays a ⟦b|Fender⟧ ⟦p|Stratocaster⟧ through an old ⟦p|amp⟧
The ⟦b|Bose⟧ ⟦p|speaker⟧ beats my ⟦b|JBL⟧ any day
These ⟦p|jeans⟧ from ⟦b|Levi's⟧ fit like a glove
I drink ⟦p|green tea⟧ in the morning and ⟦c|black⟧ ⟦p|coffee⟧ at noon
The ⟦c|navy blue⟧ ⟦p|sweater⟧ faded after one wash
Our trip to ⟦l|Paris⟧ and ⟦l|Rome⟧ was the best ever
The ⟦b|Samsung⟧ ⟦p|TV⟧ arrived with a cracked screen
A ⟦p|biography⟧ of ⟦h|Steve Jobs⟧ that reads like a ⟦p|novel⟧
I will always remember the smell of that place
⟦b|Nike⟧ ⟦p|running shoes⟧ in ⟦c|white⟧, size nine
The gold standard of customer service
A thin ⟦c|gold⟧ colored ⟦p|necklace⟧ for my sister
The ⟦b|Dyson⟧ ⟦p|V11⟧ is lighter than my old ⟦p|vacuum cleaner⟧
Starring ⟦h|Tom Hanks⟧, who carries the whole ⟦p|movie⟧
We hiked in ⟦l|Patagonia⟧ for two weeks
My daughter reads ⟦p|Harry Potter⟧ for the third time
⟦h|J.K. Rowling⟧ knows how to end a chapter
This ⟦p|cutting board⟧ is made in ⟦l|China⟧ and it cracked
Fine china ⟦p|plates⟧ for the wedding
The ⟦p|Kindle Paperwhite⟧ is easy on the eyes
I use my ⟦b|Kindle⟧ every night
⟦b|Coca-Cola⟧ tastes better from a glass bottle
It runs on ⟦b|Microsoft⟧ ⟦b|Windows⟧ and crashes daily
I closed the windows because of the noise
The ⟦p|camera⟧ of the ⟦b|Huawei⟧ ⟦p|P40⟧ is stunning
Listening to ⟦h|Miles Davis⟧ on vinyl tonight
The ⟦b|Canon⟧ ⟦p|lens⟧ is sharp, the ⟦p|tripod⟧ is not steady
We stayed at the ⟦b|Hilton⟧ in ⟦l|Chicago⟧ near the river
Great value for money, will buy again
Not worth the price, broke after two days
The ⟦b|Lodge⟧ brand ⟦p|skillet⟧ needs seasoning
⟦h|Dr. Phil⟧ recommended this ⟦p|book⟧ on his show
The ⟦p|coffee maker⟧ leaks and the ⟦b|Keurig⟧ support is useless
My cat ignores this ⟦p|toy⟧ completely
A ⟦p|backpack⟧ for school in ⟦c|dark green⟧
This ⟦p|shampoo⟧ by ⟦b|Pantene⟧ dries my hair
Best ⟦p|ramen⟧ outside of ⟦l|Tokyo⟧
我的⟦b|华为⟧⟦p|手机⟧用了三年还很流畅
⟦b|苹果⟧⟦p|手表⟧续航一般，表带是⟦c|黑色⟧的
⟦p|苹果⟧又大又甜，水分很足
煮了一锅⟦p|小米粥⟧，养胃
⟦b|小米⟧的⟦p|路由器⟧信号很好，穿墙没问题
刚从⟦l|日本⟧带回来的⟦p|电饭煲⟧
作者⟦h|余华⟧的文字很克制
⟦h|刘慈欣⟧写的⟦p|《三体》⟧我看了两遍
⟦p|长沙发⟧的面料很舒服
在⟦l|长沙⟧吃了臭豆腐
今日本店打烊，明天再来
他做的菜变成都一个味道了
⟦l|成都⟧的火锅真辣
客服态度很好，发货也快
买的⟦c|红色⟧⟦p|裙子⟧，有点色差
这家店很有特色，服务也出色
⟦p|红酒⟧口感不错，适合聚会
导演⟦h|张艺谋⟧的新片很好看
⟦b|海飞丝⟧去屑效果不错，味道也好闻
在⟦b|京东⟧买的⟦p|热水器⟧，安装师傅乱收费
⟦b|联想⟧⟦p|笔记本⟧散热不行，⟦p|风扇⟧声音大
⟦p|这首歌⟧让我联想起小时候
完美的一天，风景太美的了
⟦b|美的空调⟧制冷很快，噪音也小
去⟦l|三亚⟧度假，住在海边的酒店
⟦b|如家⟧的房间太小了，隔音也差
⟦p|羽绒服⟧很暖和，⟦c|藏青色⟧比图片深
歌手⟦h|李健⟧的现场很稳
⟦h|周杰伦⟧的新歌一般
王老师说这道题不难
⟦b|顺丰快递⟧小哥态度特别好
⟦p|数据线⟧用了两天就坏了
⟦b|蒙牛⟧⟦p|纯牛奶⟧，孩子很喜欢喝
⟦l|云南⟧的⟦p|咖啡豆⟧香味浓郁
⟦p|洗衣机⟧声音太大，⟦b|海尔⟧的售后还行
⟦p|衣服⟧尺码偏小，⟦c|黑色⟧显瘦
⟦p|大理石⟧台面很好打理
⟦l|大理⟧的天空特别蓝
主演⟦h|沈腾⟧一出场全场都笑了
⟦b|耐克⟧的⟦p|跑鞋⟧穿着很轻
⟦p|这本书⟧的内容很空洞，不推荐
⟦p|蓝牙耳机⟧连接不稳定
⟦p|iPad⟧屏幕很清晰，玩⟦p|游戏⟧流畅
⟦b|索尼⟧⟦p|相机⟧配这个⟦p|镜头⟧很合适
手机号码怎么换绑
⟦b|统一老坛⟧酸菜面的味道变了
包装不统一，有的破了
⟦p|口红⟧颜色偏橘，是⟦c|玫红色⟧
⟦l|北京⟧到⟦l|上海⟧的高铁很方便
⟦b|星巴克⟧的⟦p|拿铁⟧越来越贵
翻译得太差，读不下去
⟦p|充电宝⟧在飞机上不能用
⟦p|面膜⟧补水效果好，⟦p|精华⟧很多
""")

HELD: Final = _texts("""
The ⟦b|Logitech⟧ ⟦p|keyboard⟧ feels cheap compared with my ⟦p|ThinkPad⟧
I flew ⟦b|Delta⟧ to ⟦l|Seattle⟧ and they lost my ⟦p|suitcase⟧
The river delta is full of birds
⟦h|Agatha Christie⟧ never disappoints
This ⟦p|cookbook⟧ by ⟦h|Yotam Ottolenghi⟧ is a joy
My son wants a ⟦b|Lego⟧ set for his birthday
The ⟦c|silver⟧ version of this ⟦p|laptop⟧ scratches easily
A silver lining to a bad week
We visited ⟦l|Jordan⟧ and slept in the desert
Jordan from customer service was a great help
Wearing my new ⟦b|Adidas⟧ ⟦p|sneakers⟧ today
The ⟦b|Philips⟧ ⟦p|toothbrush⟧ stopped charging
⟦p|Peanut butter⟧ and ⟦p|jelly⟧ on white ⟦p|bread⟧
The ⟦p|mascara⟧ from ⟦b|Maybelline⟧ does not smudge
It is not black and white, there are two sides to every story
He wore a ⟦c|black⟧ ⟦p|jacket⟧ and ⟦c|brown⟧ ⟦p|boots⟧
The author, ⟦h|Malcolm Gladwell⟧, repeats himself
A ⟦p|documentary⟧ narrated by ⟦h|David Attenborough⟧
The ⟦p|Nintendo Switch⟧ is worth every cent
We watch ⟦b|Netflix⟧ on the ⟦p|projector⟧
Watch out for the sharp edges
Road trip from ⟦l|Boston⟧ to ⟦l|New Orleans⟧ next month
Boston terrier puppies are adorable
The ⟦b|Hamilton Beach⟧ ⟦p|blender⟧ burned out in a week
Does anybody know a good plumber
⟦p|Yoga mat⟧ in ⟦c|purple⟧, smells of rubber
The ⟦b|Garmin⟧ ⟦p|watch⟧ lost its GPS in ⟦l|Norway⟧
⟦b|Whirlpool⟧ sent a technician who fixed the ⟦p|dryer⟧
This ⟦p|guitar⟧ stays in tune, the ⟦p|strings⟧ are awful
⟦h|Eric Clapton⟧ played it in the seventies
I gave it five stars because of the price
The ⟦p|pasta⟧ from ⟦l|Italy⟧ cooks evenly
Olive oil ⟦p|soap⟧ made my skin itch
The walls are painted ⟦c|olive⟧ now
The ⟦b|Tefal⟧ ⟦p|pan⟧ lost its coating
The ⟦b|BMW⟧ we rented in ⟦l|Munich⟧ was spotless
Coach said we should run more
A ⟦b|Coach⟧ ⟦p|handbag⟧ that lasted ten years, my favourite from ⟦b|Coach⟧
The plot is thin but ⟦h|Meryl Streep⟧ saves it
I spilled ⟦p|wine⟧ on the ⟦c|beige⟧ ⟦p|couch⟧
Screen is bright, battery is weak
We found a tiny bar in ⟦l|Lisbon⟧ with live music
The ⟦p|Galaxy S23⟧ by ⟦b|Samsung⟧ is too slippery
⟦p|Diapers⟧ by ⟦b|Huggies⟧ leak at night
My boss liked the ⟦p|chocolate⟧ from ⟦l|Belgium⟧
Ordered two ⟦p|mugs⟧, one came broken
⟦b|IKEA⟧ instructions are a puzzle of their own
My neighbour Susan lent me her ⟦p|drill⟧
Sent it back, the ⟦p|tent⟧ was torn
The ⟦p|ice cream maker⟧ is loud but the ⟦p|ice cream⟧ is great
A ⟦p|necklace⟧ made of jade
Tastes like home, even here in ⟦l|Vancouver⟧
The ⟦b|Instant Pot⟧ changed how we cook
I like ⟦b|Twinings⟧ ⟦p|tea⟧ with a little ⟦p|honey⟧
Professor ⟦h|Brian Cox⟧ explains it well
⟦b|OPPO⟧⟦p|手机⟧充电速度惊人
⟦b|戴森⟧⟦p|吹风机⟧太贵了，但是好用
⟦p|橙子⟧很酸，还有几个烂的
⟦b|荣耀⟧⟦p|手机⟧的系统比较省电
能来参加比赛是我的荣耀
去了一趟⟦l|土耳其⟧，坐了热气球
⟦b|三只松鼠⟧的⟦p|坚果⟧越来越小包
编剧⟦h|宁财神⟧的台词很搞笑
我最喜欢⟦h|东野圭吾⟧的推理⟦p|小说⟧
演员⟦h|黄渤⟧演得真好
⟦p|《活着》⟧看哭了我
⟦p|书包⟧的拉链坏了
⟦b|格力空调⟧安装很快
他的个子比我高，力气也大
⟦p|床垫⟧太硬，睡得腰疼
⟦l|杭州⟧西湖边的民宿性价比很高
⟦c|白色⟧⟦p|衬衫⟧容易脏
一片空白，什么都没有
⟦c|深空灰⟧的⟦p|MacBook⟧真好看
⟦b|欧莱雅⟧的⟦p|洗发水⟧有点干
老板人很好，送了小礼物
⟦p|自行车⟧骑起来很轻便
⟦p|奶粉⟧是从⟦l|新西兰⟧进口的
⟦b|宜家⟧的⟦p|书架⟧不太稳
⟦b|优衣库⟧的⟦p|外套⟧版型不错
⟦p|火车票⟧买不到，只好坐飞机去⟦l|西安⟧
南京路上人山人海
⟦l|南京⟧的⟦p|鸭血粉丝汤⟧很好喝
⟦p|电影⟧的配乐是⟦h|坂本龙一⟧做的
钢琴家⟦h|郎朗⟧的演奏会
⟦p|电钢琴⟧键盘手感像真的
⟦b|雅诗兰黛⟧的⟦p|精华⟧用完皮肤变好了
⟦b|大众⟧的⟦p|车⟧开起来很稳
大众口味，谈不上惊艳
⟦p|猫粮⟧换了牌子，猫不吃
⟦p|鼠标⟧是⟦c|粉色⟧的，女生会喜欢
⟦b|任天堂⟧的⟦p|游戏⟧适合全家玩
⟦p|平板⟧反应慢，还经常闪退
⟦l|韩国⟧代购的⟦p|面霜⟧
快递员把包裹扔在门口就走了
⟦b|携程⟧订的酒店到店没房
⟦p|水杯⟧漏水，盖子拧不紧
⟦b|海底捞⟧的服务没话说
⟦p|台灯⟧光线柔和，不刺眼
⟦b|李宁⟧的⟦p|篮球鞋⟧缓震很好
导师推荐的⟦p|教材⟧，例题很多
⟦b|伊利⟧⟦p|酸奶⟧比⟦b|光明⟧的好喝
⟦p|榨汁机⟧清洗很麻烦
⟦c|米色⟧⟦p|窗帘⟧遮光一般
⟦b|德龙⟧⟦p|咖啡机⟧打奶泡很细
⟦h|村上春树⟧的⟦p|书⟧读起来很孤独
⟦p|行李箱⟧轮子断了一个
⟦l|重庆⟧的夜景太美了
⟦b|当当⟧发货太慢，书角都压坏了
""")

NAMED_TEXTS: Final = (*TUNED, *HELD)
