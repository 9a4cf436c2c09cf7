"""Sentences that feel differently about what they name: `⟦+|phone⟧` liked, `⟦-|courier⟧` disliked, `⟦0|box⟧` neither.

Written for Braid, all opinions in words of `plain_sentiment`, so that what is tried is whose opinion it is and no classifier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MARK: Final = re.compile("⟦([+0-])\\|([^⟧]+)⟧")


@dataclass(frozen=True)
class FeltText:
    """text: as written. felt: (start, end, -1, 0 or 1) by place."""

    text: str
    felt: tuple[tuple[int, int, int], ...]


def felt_text(marked: str) -> FeltText:
    felt: list[tuple[int, int, int]] = []
    text = ""
    at = 0
    for found in _MARK.finditer(marked):
        text += marked[at : found.start()]
        felt.append((len(text), len(text) + len(found[2]), {"+": 1, "0": 0, "-": -1}[found[1]]))
        text += found[2]
        at = found.end()
    return FeltText(text + marked[at:], tuple(felt))


FELT_TEXTS: Final = tuple(
    map(
        felt_text,
        """
loves the ⟦+|phone⟧, hates the ⟦-|courier⟧
I love the ⟦+|phone⟧ and hate the ⟦-|courier⟧
The ⟦+|phone⟧ is great but the ⟦-|battery⟧ is terrible
great ⟦+|laptop⟧, terrible ⟦-|customer service⟧
The ⟦-|screen⟧ is awful although the ⟦+|sound⟧ is excellent
Excellent ⟦+|food⟧, horrible ⟦-|location⟧
The ⟦+|camera⟧ and the ⟦+|lens⟧ are great
The ⟦+|coffee⟧ tastes great, however the ⟦-|packaging⟧ was broken
The ⟦-|delivery⟧ was slow. The ⟦+|quality⟧ is excellent.
I like the ⟦+|design⟧ but hate the ⟦-|price⟧
The ⟦+|shoes⟧ are comfortable and the ⟦-|delivery⟧ was slow
The ⟦+|kettle⟧ arrived today. I love it
The ⟦-|blender⟧ came on Monday. It is broken
A ⟦+|Sony⟧ beats everything: excellent ⟦+|screen⟧, excellent ⟦+|sound⟧
Beautiful ⟦+|dress⟧, poor ⟦-|fabric⟧
The ⟦+|room⟧ was clean, the ⟦+|staff⟧ friendly, the ⟦-|breakfast⟧ terrible
The ⟦-|staff⟧ was rude, yet the ⟦+|view⟧ was beautiful
I hate the ⟦-|taste⟧ and love the ⟦+|smell⟧
Good ⟦+|sound quality⟧, bad ⟦-|battery life⟧
The ⟦+|plot⟧ is excellent, while the ⟦-|acting⟧ is awful
Slow ⟦-|shipping⟧, perfect ⟦+|packaging⟧
This ⟦+|phone⟧ is better than my old ⟦-|Nokia⟧
The ⟦+|headphones⟧ are excellent compared to the ⟦-|earbuds⟧
Not a good ⟦-|price⟧, but a beautiful ⟦+|watch⟧
The ⟦+|rice cooker⟧ is perfect; the ⟦-|manual⟧ is useless
The ⟦-|courier⟧ was rude and the ⟦-|packaging⟧ was broken
The ⟦+|guitar⟧ sounds great and the ⟦-|strings⟧ are terrible
Perfect ⟦+|fit⟧ - poor ⟦-|material⟧
The ⟦0|packaging⟧ was there
My ⟦0|phone⟧ has a ⟦0|screen⟧
I hate the ⟦-|style⟧ but the ⟦+|sofa⟧ is comfortable
The ⟦+|hotel⟧ is beautiful, the ⟦-|bathroom⟧ dirty
I enjoyed the ⟦+|book⟧ though the ⟦-|ending⟧ is boring
The ⟦-|seller⟧ was rude, I love the ⟦+|necklace⟧
⟦+|手机⟧很好，⟦-|快递⟧太慢
⟦+|手机⟧很好⟦-|快递⟧太慢
⟦+|质量⟧不错，就是⟦-|价格⟧太贵
⟦-|物流⟧太慢了，但是⟦+|客服⟧很好
⟦+|屏幕⟧清晰，⟦-|电池⟧太差
⟦+|房间⟧干净，⟦-|早餐⟧难吃
⟦-|房间⟧太脏，不过⟦+|位置⟧很好
⟦+|衣服⟧漂亮，⟦-|做工⟧太差
⟦+|味道⟧很好，⟦-|包装⟧破了
⟦-|包装⟧破了 ⟦+|味道⟧很好
⟦+|手机⟧的⟦+|屏幕⟧很清晰
⟦+|手机⟧和⟦+|耳机⟧都很好
⟦+|快递⟧送来的⟦+|手机⟧很好
⟦+|剧情⟧精彩，可惜⟦-|演技⟧太差
⟦-|客服⟧态度差，⟦+|发货⟧很快
⟦+|洗发水⟧好用，⟦-|物流⟧太慢
⟦+|电脑⟧今天到了，非常满意
⟦-|热水器⟧装上了。一点也不好用
⟦+|空调⟧制冷很好，⟦-|声音⟧太吵
⟦+|小说⟧的⟦+|内容⟧精彩，⟦-|印刷⟧太差
⟦+|这本书⟧很精彩，⟦-|翻译⟧太差
⟦+|裤子⟧很舒服，⟦-|快递⟧很差
⟦+|酒店⟧环境漂亮，但⟦-|前台⟧态度差
⟦+|手机⟧比⟦-|诺基亚⟧好用
⟦+|牛奶⟧好喝，⟦-|价格⟧太贵
⟦-|服务⟧太差，⟦+|菜品⟧好吃
⟦-|电池⟧太差而且⟦-|屏幕⟧不清晰
⟦+|拍照⟧清晰⟦-|信号⟧太差
⟦+|水果⟧新鲜，⟦-|快递小哥⟧态度差
⟦+|鞋子⟧舒服；⟦-|做工⟧不好
⟦0|手机⟧收到了
⟦+|电影⟧精彩，⟦-|结局⟧无聊
⟦-|安装⟧太慢，⟦+|热水器⟧很好
⟦+|沙发⟧漂亮，⟦-|送货⟧太慢
""".strip().splitlines(),
    )
)
