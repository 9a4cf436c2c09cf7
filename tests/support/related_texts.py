"""Pairs of texts about the same thing, worded as two platforms or two people would; every other pair is another thing.

Written for these tests. In Chinese the two of a pair share some characters, as related titles do, but never a phrase
of their whole length.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from encoders.factory import TextEncoder

CHINESE: tuple[tuple[str, str], ...] = (
    ("无线蓝牙耳机 主动降噪 超长续航", "这副降噪耳机音质很好，戴着不疼，电池能用一整天"),
    ("机械键盘 青轴 背光 游戏办公", "键盘手感清脆，打字声音有点大，打游戏很爽"),
    ("不锈钢保温杯 大容量 便携水杯", "杯子保温效果不错，早上装的热水晚上还是烫的"),
    ("纯棉四件套 床单被套 春夏", "被套摸起来很软，纯棉的，洗了没掉色"),
    ("儿童绘本 睡前故事 三到六岁", "给孩子买的故事书，图画漂亮，每天睡前都要听"),
    ("跑步鞋 男 减震 透气网面", "鞋底减震好，跑了十公里脚不累，很透气"),
    ("山地自行车 变速 成人越野", "周末骑车去山里，变速顺滑，刹车灵敏"),
    ("单反相机 入门 套机镜头", "第一台相机，镜头成像清晰，拍风景很美"),
    ("智能手表 心率监测 运动防水", "手表测心率挺准，游泳也能戴，运动记录很全"),
    ("咖啡豆 中度烘焙 意式拼配", "咖啡很香，烘焙得刚好，做意式浓缩油脂丰富"),
    ("龙井茶 明前新茶 礼盒装", "茶叶清香，新茶的味道，送长辈的礼盒很体面"),
    ("川味火锅底料 麻辣牛油", "底料够麻够辣，在家煮火锅和店里一样香"),
    ("进口猫粮 成猫 无谷鸡肉", "猫咪很爱吃这款猫粮，毛色变亮了"),
    ("狗狗牵引绳 可伸缩 大型犬", "遛狗用的绳子很结实，伸缩方便，大狗也拉不断"),
    ("婴儿纸尿裤 超薄透气 夏季", "尿裤很薄，宝宝屁股没有红，吸水量大"),
    ("洗面奶 氨基酸 温和清洁", "氨基酸洁面很温和，洗完脸不紧绷"),
    ("口红 哑光 复古红 不沾杯", "这支口红颜色显白，哑光质地，喝水不掉色"),
    ("防晒霜 户外 清爽不油腻", "夏天涂的防晒很清爽，户外一天没晒黑"),
    ("瑜伽垫 加厚 防滑 初学者", "垫子厚实防滑，在家练瑜伽膝盖不疼"),
    ("哑铃 可调节 家用健身器材", "在家健身买的哑铃，重量调节方便"),
    ("登山背包 大容量 防水", "背包能装下三天的东西，下雨也没湿，登山很合适"),
    ("双人帐篷 露营 防雨", "露营用的帐篷搭起来快，夜里下雨没有漏"),
    ("空气炸锅 家用 无油", "炸锅做薯条和鸡翅不用油，清洗也方便"),
    ("扫地机器人 自动回充 激光导航", "机器人扫得干净，自己回去充电，家里地板省心了"),
    ("投影仪 家用 高清 卧室", "投影画面清晰，卧室关灯看电影像影院"),
    ("吉他 民谣 初学 四十一寸", "吉他音色温暖，初学者练和弦不费手"),
    ("古典钢琴曲 肖邦 夜曲", "睡前听肖邦，钢琴声让人安静"),
    ("摇滚乐队 现场 演唱会", "昨晚的演唱会太燃了，乐队现场比录音好听"),
    ("科幻小说 外星文明 星际", "这本科幻讲人类和外星文明接触，想象力惊人"),
    ("悬疑推理剧 连环案件 刑警", "刑警破案的剧，推理严密，悬疑感十足"),
    ("家常菜教程 红烧肉做法", "跟着视频学会了红烧肉，家里人都说好吃"),
    ("烘焙教学 戚风蛋糕 不塌陷", "第一次烤蛋糕就成功，戚风很蓬松"),
    ("足球联赛 进球集锦", "昨天的足球比赛最后一分钟进球绝杀"),
    ("篮球技巧 投篮 运球教学", "看教学练运球和投篮，篮球水平提高了"),
    ("云南旅游 大理洱海 古城", "在大理住了一周，洱海边骑车，古城很热闹"),
    ("海岛度假 潜水 酒店", "酒店就在海边，潜水看到很多鱼，度假很放松"),
    ("高铁票 北京到上海", "坐高铁从北京去上海只要四个多小时"),
    ("新能源汽车 续航测试 充电", "电动车冬天续航缩水，充电桩排队"),
    ("股票市场 大盘下跌 分析", "今天大盘又跌了，股票账户亏了不少"),
    ("人工智能 大模型 发布", "新发布的大模型能写代码，人工智能进步太快"),
    ("考研英语 单词 真题", "背了半年单词，做考研真题，英语终于过线"),
    ("装修设计 小户型 客厅收纳", "客厅装修完了，小户型靠收纳柜省出空间"),
    ("多肉植物 盆栽 养护", "阳台的多肉要少浇水，盆栽晒太阳长得好"),
    ("电动牙刷 声波 软毛", "牙刷声波震动很强，刷完牙齿光滑"),
)

ENGLISH: tuple[tuple[str, str], ...] = (
    (
        "Wireless noise cancelling headphones",
        "These earphones block out the plane engine and the battery lasts all day",
    ),
    ("Mechanical keyboard with blue switches", "Typing feels crisp but the clicky keys annoy my colleagues"),
    ("Stainless steel vacuum flask", "My tea is still hot in this thermos after ten hours"),
    ("Cotton bed sheets, queen size", "Soft bedding that did not fade in the wash"),
    ("Picture book of bedtime stories", "My toddler asks for this tale every night before sleep"),
    ("Men's cushioned running shoes", "Great trainers for a marathon, my knees do not hurt"),
    ("Mountain bike with hydraulic brakes", "I ride this bicycle on forest trails every weekend"),
    ("DSLR camera starter kit", "The lens takes sharp photographs of landscapes"),
    ("Espresso beans, medium roast", "Rich crema and a chocolate taste in every cup of coffee"),
    ("Grain-free chicken cat food", "My kitten loves this kibble and her fur is shiny"),
    ("Retractable dog leash", "Walking our labrador is easier with this lead"),
    ("Matte red lipstick", "The makeup colour stays on through dinner"),
    ("Sunscreen SPF 50 for outdoors", "No sunburn after a day at the beach"),
    ("Non-slip yoga mat", "Comfortable for stretching and pilates at home"),
    ("Two-person camping tent", "Stayed dry in the rain on our hike in the woods"),
    ("Air fryer, 5 litres", "Crispy chips and chicken wings with hardly any oil"),
    ("Robot vacuum cleaner", "It sweeps the floor and drives back to its dock by itself"),
    ("Acoustic guitar for beginners", "Six strings with a warm tone, easy to play chords"),
    ("Chopin nocturnes for piano", "Calm classical music to fall asleep to"),
    ("Space opera novel", "A science fiction saga about alien civilisations"),
    ("Detective crime series", "The police chase a serial killer through London"),
    ("Premier league goals of the week", "What a football match, the striker scored in the last minute"),
    ("Electric car range test", "Charging my EV in winter takes too long"),
    ("Stock market falls sharply", "Investors lost billions as shares dropped today"),
)


def share_found(encoder: TextEncoder, pairs: tuple[tuple[str, str], ...], others: tuple[tuple[str, str], ...]) -> float:
    """Share of the texts of `pairs` whose nearest among all texts, of both languages, is their own other half."""
    texts = [text for pair in (*pairs, *others) for text in pair]
    vectors: NDArray[np.float32] = encoder.encode(texts).vectors
    closeness = vectors @ vectors.T
    np.fill_diagonal(closeness, -1)
    rows = np.arange(2 * len(pairs))
    return float((closeness[rows].argmax(axis=1) == rows ^ 1).mean())
