# SPDX-License-Identifier: Apache-2.0
"""What happened on the demonstration's building site: 24 weeks up to yesterday.

visits(today) gives the captures in order of time: when, what the camera sees (a job for
sitecast-scenery) and what the service agent remarks. The same day gives the same story.
"""
import datetime
import random
from dataclasses import dataclass, field

PROJECT = {
    "name": "云桥新能源部件工厂（演示）",
    "name_en": "Yunqiao New Energy Parts Plant (demonstration)",
    "place": "高新区 18 号地块 Plot 18, High-tech Zone",
    "time_zone": "Asia/Shanghai",
    "areas": ["1号厂房 Hall 1", "2号厂房 Hall 2", "配套用房 Ancillary building", "室外工程 Outdoor works"],
    "stages": ["土方 Earthworks", "基础 Foundations", "钢结构 Steel frame", "屋面 Roof", "围护 Cladding",
               "安装 Fit-out"],
    "device": "演示手机 Demonstration phone",
}
ZONE = datetime.timezone(datetime.timedelta(hours=8))
WEEKS = 24
CAPTION = "演示画面 demonstration footage"
PHOTO_SIZE = (1280, 960)
CLIP_SIZE = (768, 432)
CLIP_FPS = 12
CLIP_SECONDS = 6

HALL1, HALL2, ANNEX, OUTDOOR = PROJECT["areas"]
# Where each stage of a building ends, as in scripts/scenery/buildings.cpp.
HALL_STAGES = [(0.12, 0), (0.28, 1), (0.50, 2), (0.66, 3), (0.86, 4), (1.01, 5)]
ANNEX_STAGES = [(0.10, 1), (0.60, 2), (0.85, 4), (1.01, 5)]

HALL_REMARKS = {
    0: ["场地平整，表土已外运，基坑按轴线开挖。", "雨后基坑有积水，已安排两台水泵抽排。"],
    1: ["独立基础钢筋绑扎完成，监理已验筋，下午浇筑。", "地梁拆模，外观良好，回填土分层夯实。",
        "地坪分仓浇筑，东侧还剩两仓。"],
    2: ["钢柱开始吊装，首榀刚架校正完毕。", "吊装到第六轴，高强螺栓终拧有记录。", "檩条跟进安装，柱间支撑已完成。"],
    3: ["屋面板自西向东铺设，采光带同步安装。", "屋脊收边与天沟焊接进行中，已做淋水试验。"],
    4: ["墙面板安装，窗洞口收边整齐。", "东山墙封闭，卷帘门洞口已预留。"],
    5: ["门窗安装完成，室内消防管道试压。", "照明与行车轨道调试，准备分项验收。", "现场清理，等待消防验收日期。"],
}
ANNEX_REMARKS = {
    1: ["配套用房基础完成，钢筋已进场。"],
    2: ["二层顶板支模，脚手架已验收挂牌。", "三层柱钢筋绑扎，本周计划封顶。"],
    4: ["砌体填充墙施工，二层已完成。", "配套工程正在推进，外墙抹灰下周开始。"],
    5: ["外墙涂料进行中，门窗已进场。"],
}
WALK_REMARKS = {
    "walk_gate": [(0.5, "从大门进来，先看整体进度。"), (4.5, "道路已硬化一半，材料堆放整齐。")],
    "walk_hall1": [(0.8, "沿1号厂房南侧走一圈。"), (4.2, "这里是本周完成的部分，请看节点。")],
    "walk_inside": [(1.0, "进到厂房里面，净高和柱距符合图纸。"), (4.6, "地坪平整度已复测，偏差在允许范围内。")],
    "walk_annex": [(0.8, "这是配套用房，脚手架已搭到顶层。"), (4.4, "配套工程正在进行，预计下月装修。")],
    "walk_hall2": [(0.8, "2号厂房比1号晚六周左右。"), (4.4, "屋面材料已到场，天气好就能铺。")],
}


@dataclass
class Remark:
    text: str
    stage: str = ""
    percentage: float | None = None
    at_s: float | None = None  # moment in the clip


@dataclass
class Visit:
    kind: str            # photo | clip
    at: datetime.datetime
    area: str
    job: dict            # for sitecast-scenery, without "out"
    remarks: list = field(default_factory=list)

    @property
    def file_name(self):
        return f"{self.at:%Y%m%d-%H%M}-{self.job['view']}.{'mp4' if self.kind == 'clip' else 'jpg'}"

    @property
    def title(self):
        return self.area


def progress(share):
    """How far the buildings are when `share` (0..1) of the weeks have passed."""
    def ramp(begin, end, top):
        return round(max(0.0, min(1.0, (share - begin) / (end - begin))) * top, 4)
    return {"hall1": ramp(0.0, 1.0, 0.97), "hall2": ramp(0.22, 1.0, 0.74),
            "annex": ramp(0.30, 1.0, 0.66), "yard": ramp(0.72, 1.0, 0.42)}


def stage_of(value, stages):
    """(index of the stage, percentage of it) for a building at `value`."""
    begin = 0.0
    for end, index in stages:
        if value < end:
            return index, max(5, min(100, round((value - begin) / (min(end, 1.0) - begin) * 20) * 5))
        begin = end
    return stages[-1][1], 100


def weather_of(chance, month):
    wet = 0.22 if month in (5, 6, 7) else 0.1
    return chance.choices(["clear", "hazy", "overcast", "rain"], [0.42, 0.2, 0.38 - wet, wet])[0]


def remark_for(chance, state, area):
    if area == ANNEX:
        index, percentage = stage_of(state["annex"], ANNEX_STAGES)
        texts = ANNEX_REMARKS[index]
    else:
        index, percentage = stage_of(state["hall1" if area == HALL1 else "hall2"], HALL_STAGES)
        texts = HALL_REMARKS[index]
    return Remark(chance.choice(texts), PROJECT["stages"][index], percentage)


def photo_views(state):
    """(viewpoint, area) that have something to show."""
    views = [("gate", HALL1), ("hall1", HALL1), ("hall1_gable", HALL1)]
    if state["hall1"] > 0.30:
        views.append(("hall1_inside", HALL1))
    if state["hall2"] > 0.02:
        views.append(("hall2", HALL2))
    if state["hall2"] > 0.40:
        views.append(("hall2_inside", HALL2))
    if state["annex"] > 0.05:
        views += [("annex", ANNEX), ("annex", ANNEX)]
    if state["yard"] > 0.1:
        views.append(("overview", OUTDOOR))
    return views


def walk_for(number, state):
    """(way, area) of the number-th walk-through."""
    ways = [("walk_gate", HALL1), ("walk_hall1", HALL1)]
    if state["hall1"] > 0.35:
        ways.append(("walk_inside", HALL1))
    if state["hall2"] > 0.15:
        ways.append(("walk_hall2", HALL2))
    if state["annex"] > 0.2:
        ways.append(("walk_annex", ANNEX))
    return ways[number % len(ways)]


def visits(today):
    """Every capture before `today` (a date in ZONE), oldest first."""
    chance = random.Random(20)
    start = today - datetime.timedelta(weeks=WEEKS)
    days = []
    for week in range(WEEKS):
        monday = start + datetime.timedelta(weeks=week)
        days += [monday + datetime.timedelta(days=offset)
                 for offset in sorted(chance.sample(range(6), 2))]
    days.append(today - datetime.timedelta(days=1))
    found = []
    walks = 0
    for number, day in enumerate(sorted(set(days))):
        share = (day - start).days / (WEEKS * 7 - 1)
        state = progress(share)
        hour = chance.uniform(8.3, 16.8)
        weather = weather_of(chance, day.month)
        last = day == today - datetime.timedelta(days=1)
        if last:  # what the page shows first: a clear day, the whole site
            hour, weather = 15.2, "clear"
        caption = f"{CAPTION} · {day.isoformat()}"
        base = {**state, "weather": weather, "seed": number + 1, "caption": caption}
        views = photo_views(state)
        picked = chance.sample(views, min(len(views), 2 if number % 2 else 1))
        if last:
            picked = [("annex", ANNEX), ("hall2", HALL2), ("overview", OUTDOOR)]
        if number % 6 == 3 or last:
            way, area = walk_for(walks, state)
            walks += 1
            found.append(make_visit("clip", day, hour, area, way, base, [
                Remark(text, *(() if area == OUTDOOR else stage_words(state, area)), at_s=at_s)
                for at_s, text in WALK_REMARKS[way]]))
            hour += 0.2
        for view, area in picked:
            remark = [] if area == OUTDOOR else [remark_for(chance, state, area)]
            if area == OUTDOOR:
                remark = [Remark("厂区道路沥青摊铺中，绿化土已回填。")]
            found.append(make_visit("photo", day, hour, area, view, base, remark))
            hour += chance.uniform(0.08, 0.4)
    return found


def stage_words(state, area):
    stages = ANNEX_STAGES if area == ANNEX else HALL_STAGES
    key = {HALL1: "hall1", HALL2: "hall2", ANNEX: "annex"}[area]
    index, percentage = stage_of(state[key], stages)
    return PROJECT["stages"][index], percentage


def make_visit(kind, day, hour, area, view, base, remarks):
    minutes = int(hour * 60)
    at = datetime.datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=ZONE)
    width, height = CLIP_SIZE if kind == "clip" else PHOTO_SIZE
    job = {"kind": kind, "view": view, "hour": round(hour, 2), "width": width, "height": height, **base}
    if kind == "clip":
        job |= {"fps": CLIP_FPS, "seconds": CLIP_SECONDS}
    return Visit(kind, at, area, job, remarks)
