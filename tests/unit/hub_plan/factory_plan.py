# SPDX-License-Identifier: Apache-2.0
"""A real-looking 计划表 of a factory of about 300 lines, with the mistakes that people make, and what each
line means. Deterministic. `make()` gives (rows, items, skipped): what stands in the cells, and what a
reader must say of it. Written without anything of the product.
"""
import datetime
import io
import zipfile
from xml.sax.saxutils import escape

HEAD_UPPER = ["序号", "单位工程", "分部分项工程名称", "工期(天)", "计划时间", "", "完成百分比", "前置任务", "责任人", "备注"]
HEAD_LOWER = ["", "", "", "", "开始时间", "结束时间", "", "", "", ""]
BUILDINGS = ["1#厂房", "2#厂房", "3#仓库", "办公楼", "宿舍楼", "综合站房", "食堂", "室外工程"]
PARTS = [
    ("基础工程", ["场地平整", "测量放线", "土方开挖", "桩基施工", "承台及地梁", "基础防水", "回填土方"]),
    ("主体结构", ["钢柱吊装", "钢梁安装", "屋面檩条", "一层梁板", "二层梁板", "砌体工程", "构造柱"]),
    ("屋面及外墙", ["屋面板安装", "屋面防水", "外墙板安装", "门窗安装", "外墙涂料"]),
    ("机电安装", ["给排水管道", "消防管道", "电缆桥架", "配电箱安装", "通风空调", "设备调试"]),
    ("装饰装修", ["地坪施工", "内墙抹灰", "内墙涂料", "吊顶", "卫生间洁具"]),
]
CHINESE = "一二三四五六七八九十"
FULL_WIDTH = str.maketrans("0123456789/%", "０１２３４５６７８９／％")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
EPOCH = datetime.date(1899, 12, 30)


class Cell:
    """`text` in a CSV file; `number` and `style` ("date", "percent", "general") in a workbook."""

    def __init__(self, text, number=None, style=None):
        self.text, self.number, self.style = text, number, style


def written(date, turn):
    """The date as one of the people who kept this sheet writes it, and the note that it brings."""
    forms = [
        lambda: (f"{date.year}/{date.month}/{date.day}", None),
        lambda: (date.isoformat(), None),
        lambda: (f"{date.year}年{date.month}月{date.day}日", None),
        lambda: (f"{date.year}.{date.month}.{date.day}", None),
        lambda: (f"{date.month}月{date.day}日", "year_added") if date.year == 2026
        else (f"{date.year}年{date.month}月{date.day}号", None),
        lambda: (f"{date.year}/{date.month:02}/{date.day:02}".translate(FULL_WIDTH), None),
        lambda: (f"{date.day:02}-{MONTHS[date.month - 1]}-{date.year % 100:02}", None),
        lambda: (date.strftime("%Y%m%d"), None),
        lambda: (str((date - EPOCH).days), "date_serial"),
        lambda: (f" {date.year}-{date.month}-{date.day}  8:00", None),
        lambda: (f"{date.day}.{date.month}.{date.year}", None),
    ]
    return forms[turn % len(forms)]()


class Plan:
    def __init__(self):
        self.rows, self.items, self.skipped = [], [], []
        self.merges = []
        self.number = 0
        self.turn = 0
        self.area = ""

    @property
    def row(self):
        return len(self.rows)

    def put(self, cells):
        self.rows.append(list(cells) + [""] * (len(HEAD_UPPER) - len(cells)))

    def skip(self, cells, code):
        self.put(cells)
        self.skipped.append((self.row, code))

    def expect(self, level, name, notes=(), **values):
        notes = set(notes)
        self.items.append({"row": self.row, "level": level, "name": name, "notes": notes, **values})

    def section(self, number, name, level, area=""):
        self.put([number, area, name])
        self.expect(level, name, area=self.area, summary=True, number=number)

    def date_cell(self, date):
        self.turn += 1
        if self.turn % 4 == 0:  # a real date of the workbook
            return Cell(f"{date.year}/{date.month}/{date.day}", (date - EPOCH).days, "date"), None
        return written(date, self.turn // 2 + self.turn)

    def item(self, title, begun, days, done, notes=(), drop=(), **cells):
        """`cells` replaces what a mistake has in place of the right one; `drop`: values that are lost."""
        self.number += 1
        finish = begun + datetime.timedelta(days=days - 1)
        (start_cell, start_note), (finish_cell, finish_note) = self.date_cell(begun), self.date_cell(finish)
        if done is None:
            percent_cell = ""
        else:
            percent_cell = [f"{done}%", Cell(str(done), done, "general"),
                            Cell(f"{done}%", done / 100, "percent"),
                            f"{done}%".translate(FULL_WIDTH)][self.number % 4]
        duration_cell = [Cell(str(days), days, "general"), f"{days}天", str(days).translate(FULL_WIDTH),
                         f"{days} 日"][self.number % 4]
        row = {"number": Cell(str(self.number), self.number, "general"), "area": "", "name": title,
               "duration": duration_cell, "start": start_cell, "finish": finish_cell,
               "percent": percent_cell, "link": "", "who": "王工" if self.number % 3 else "李工",
               "remark": ""}
        values = {"planned_start": begun.isoformat(), "planned_finish": finish.isoformat(),
                  "duration_days": days, "number": str(self.number)}
        if done is not None:
            values["percent"] = done
        expected = set(notes)
        if "start" not in cells and start_note:
            expected.add(start_note)
        if "finish" not in cells and finish_note:
            expected.add(finish_note)
        links = cells.pop("links", None)
        for key, value in cells.items():
            row[key] = value
        if "number" in cells:
            values["number"] = cells["number"]
        for key in drop:
            values.pop(key, None)
        self.put(list(row.values()))
        self.expect(3, title.strip(), expected, area=self.area, responsible=row["who"], **values)
        if links:
            self.items[-1]["links"] = links


# What goes wrong in which item (by its running number): cells as written, notes, values lost.
def mistakes(day):
    return {
        8: dict(start=day(2026, 4, 20), finish=day(2026, 4, 2), notes=["finish_before_start"],
                drop=["planned_start", "planned_finish"]),
        15: dict(start="2026-02-30", notes=["date_impossible"], drop=["planned_start"]),
        22: dict(finish="待定", notes=["date_unknown"], drop=["planned_finish"]),
        29: dict(start="2026年5月", notes=["date_month_only"], drop=["planned_start"]),
        36: dict(percent="0.6", notes=["percent_ambiguous"], drop=["percent"]),
        43: dict(percent="110%", notes=["percent_outside"], drop=["percent"]),
        50: dict(percent="六成", notes=["percent_unknown"], drop=["percent"]),
        57: dict(duration="4周", notes=["duration_unit"], drop=["duration_days"]),
        64: dict(duration="约一个月", notes=["duration_unknown"], drop=["duration_days"]),
        71: dict(number="70", notes=["number_twice"]),
        78: dict(link="70", notes=["link_ambiguous"]),
        85: dict(link="9999", notes=["link_unknown"]),
        92: dict(link="91SS+3天", links=[("91", "SS", 3)]),
        99: dict(link="97、98FS", links=[("97", "FS", 0), ("98", "FS", 0)]),
        106: dict(link="105FS-2d", links=[("105", "FS", -2)]),
        113: dict(link="113", notes=["link_itself"]),
        120: dict(start="05/03/26", notes=["date_ambiguous"], drop=["planned_start"]),
        127: dict(finish="", drop=["planned_finish"]),
        134: dict(start="", finish="", drop=["planned_start", "planned_finish"]),
        141: dict(percent="已完成", notes=["percent_word"]),
        148: dict(number="", ),
        155: dict(start="/", drop=["planned_start"]),
    }


def make():
    plan = Plan()
    plan.skip(["华东智能制造产业园一期 2026年施工总进度计划表"], "row_title")
    plan.skip(["编制单位：某某建设有限公司", "", "", "", "", "", "", "", "编制日期：2026年1月5日"], "row_title")
    plan.skip(HEAD_UPPER, "row_header")
    plan.skip(HEAD_LOWER, "row_header")
    wrong = mistakes(lambda y, m, d: f"{y}-{m:02}-{d:02}")
    start = datetime.date(2026, 1, 12)
    for index, building in enumerate(BUILDINGS):
        plan.area = building
        first_row = plan.row + 1
        plan.section(CHINESE[index], building + "土建及安装", 1, building)
        for part, (title, works) in enumerate(PARTS):
            plan.section(f"（{CHINESE[part]}）", title, 2)
            for work, name in enumerate(works):
                days = 5 + (index * 7 + part * 5 + work * 3) % 26
                begun = start + datetime.timedelta(days=index * 12 + part * 45 + work * 6)
                percent = None if work % 3 == 2 else (100, 60, 35, 0, 5)[(index + part + work) % 5]
                mistake = wrong.get(plan.number + 1, {})
                if "percent" in mistake and percent is None:
                    percent = 100
                if mistake.get("percent") == "已完成":
                    percent = 100
                title_of = name if work % 2 else "　" + name + " "
                plan.item(title_of, begun, days, percent, **mistake)
            if part % 2 == 0:
                plan.skip(["", "", "小　计"], "row_sum")
        plan.merges.append((first_row, plan.row, 1))
        if index in (1, 3):  # a page break of the printed sheet
            plan.skip([], "row_blank")
            plan.skip(HEAD_UPPER, "row_header_again")
            plan.skip(HEAD_LOWER, "row_header_again")
        if index == 2:
            plan.skip(["", "", "", Cell("5", 5, "general"), "2026/6/1", "2026/6/5"], "row_no_name")
    plan.area = ""
    last = CHINESE[len(BUILDINGS)]
    plan.put([last, "", "竣工验收"])
    plan.area = BUILDINGS[-1]
    plan.items.append({"row": plan.row, "level": 1, "name": "竣工验收", "notes": set(), "number": last,
                       "summary": True})
    plan.number += 1
    plan.put([Cell(str(plan.number), plan.number, "general"), "全厂", "★竣工验收（里程碑）",
              Cell("0", 0, "general"), "2027年1月15日", "2027/1/15", "", "", "王工"])
    plan.items.append({"row": plan.row, "level": 2, "name": "★竣工验收（里程碑）", "milestone": True,
                       "notes": {"milestone_zero_duration"}, "planned_start": "2027-01-15",
                       "planned_finish": "2027-01-15", "duration_days": 0, "area": "全厂",
                       "number": str(plan.number), "responsible": "王工"})
    plan.skip(["合　　计"], "row_sum")
    plan.skip([], "row_blank")
    plan.skip(["注：本计划以业主确认的图纸为准。"], "row_signature")
    plan.skip(["编制人：张工", "", "审核人：李工"], "row_signature")
    return plan


def text_of(cell):
    return cell.text if isinstance(cell, Cell) else cell


def csv_text(plan, delimiter=","):
    lines = []
    for row in plan.rows:
        fields = []
        for cell in row:
            text = text_of(cell)
            if any(mark in text for mark in (delimiter, '"', "\n")):
                text = '"' + text.replace('"', '""') + '"'
            fields.append(text)
        lines.append(delimiter.join(fields))
    return "\r\n".join(lines) + "\r\n"


NAMES = "ABCDEFGHIJ"
STYLES = ('<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1">'
          '<numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@"/></numFmts>'
          '<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="176"/><xf numFmtId="9"/>'
          '</cellXfs></styleSheet>')


def xlsx_bytes(plan, from_1904=False):
    strings, known = [], {}
    body = []
    for number, row in enumerate(plan.rows, 1):
        cells = []
        for column, cell in enumerate(row):
            place = f"{NAMES[column]}{number}"
            if isinstance(cell, Cell) and cell.number is not None:
                value, style = cell.number, {"general": 0, "percent": 3}.get(cell.style, 1 + number % 2)
                if cell.style == "date" and from_1904:
                    value -= 1462
                cells.append(f'<c r="{place}" s="{style}"><v>{value}</v></c>')
                continue
            text = text_of(cell)
            if not text:
                continue
            if number % 5 == 0:
                cells.append(f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}'
                             "</t></is></c>")
                continue
            if text not in known:
                known[text] = len(strings)
                strings.append(text)
            cells.append(f'<c r="{place}" t="s"><v>{known[text]}</v></c>')
        body.append(f'<row r="{number}">{"".join(cells)}</row>')
    merges = ["A1:J1", "E3:F3"] + [f"{NAMES[c]}3:{NAMES[c]}4" for c in (0, 1, 2, 3, 6, 7, 8, 9)]
    merges += [f"B{first}:B{last}" for first, last, _ in plan.merges]
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
                       f'Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{relation}">'
                           + ('<workbookPr date1904="1"/>' if from_1904 else "")
                           + '<sheets><sheet name="说明" sheetId="1" r:id="rId1"/>'
                             '<sheet name="旧版" sheetId="2" state="hidden" r:id="rId2"/>'
                             '<sheet name="总进度计划" sheetId="3" r:id="rId2"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels":
            f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{relation}/worksheet" '
            f'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{relation}/worksheet" '
            'Target="/xl/worksheets/sheet2.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet {main}><sheetData><row r="1"><c r="A1" t="inlineStr"><is>'
                                    "<t>本表由项目部维护</t></is></c></row></sheetData></worksheet>",
        "xl/worksheets/sheet2.xml":
            f'<worksheet {main}><sheetData>{"".join(body)}</sheetData><mergeCells>'
            + "".join(f'<mergeCell ref="{merge}"/>' for merge in merges) + "</mergeCells></worksheet>",
        "xl/sharedStrings.xml": f"<sst {main}>" + "".join(
            f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings) + "</sst>",
        "xl/styles.xml": STYLES,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + content)
    return out.getvalue()
