"""Say in English what cities name in Chinese: classes of cases, departments, topics, matters.

These texts are not closed lists: a city may publish others, which then stand for themselves.
Classes of cases follow GB/T 30428.2 (class/kind).
"""

from __future__ import annotations

CASE_CATEGORIES: dict[str, str] = {
    "市容环境/暴露垃圾": "City appearance/Exposed rubbish",
    "市容环境/道路不洁": "City appearance/Dirty road",
    "市容环境/油烟污染": "City appearance/Cooking fumes",
    "街面秩序/占道经营": "Street order/Trading on the road",
    "街面秩序/机动车乱停放": "Street order/Badly parked vehicle",
    "街面秩序/共享单车乱停放": "Street order/Badly parked shared bicycles",
    "宣传广告/违章张贴小广告": "Advertising/Illegal bills",
    "宣传广告/违规户外广告": "Advertising/Illegal billboard",
    "施工管理/施工扰民": "Building works/Nuisance from works",
    "施工管理/工地扬尘": "Building works/Dust from a site",
    "施工管理/无证掘路": "Building works/Road dug up without permit",
    "突发事件/路面塌陷": "Emergency/Road collapse",
    "突发事件/道路交通事故": "Emergency/Road accident",
    "突发事件/路面积水": "Emergency/Flooded road",
    "公用设施/井盖破损": "Public works/Broken manhole cover",
    "公用设施/路灯不亮": "Public works/Street light out",
    "公用设施/燃气异味": "Public works/Smell of gas",
    "交通设施/护栏破损": "Traffic works/Broken guard rail",
    "交通设施/标志牌污损": "Traffic works/Dirty or damaged sign",
    "交通设施/信号灯故障": "Traffic works/Traffic light out",
    "园林绿化/树木倒伏": "Greenery/Fallen tree",
    "园林绿化/绿地脏乱": "Greenery/Untidy green",
    "其他/噪声扰民": "Other/Noise",
}
DEPARTMENTS: dict[str, str] = {
    "城管局": "Urban management", "环卫中心": "Street cleaning", "生态环境局": "Environment",
    "交警支队": "Traffic police", "住建局": "Housing and building", "市政中心": "Roads and bridges",
    "水务集团": "Water company", "照明中心": "Street lighting", "燃气公司": "Gas company",
    "园林局": "Parks", "公安局": "Police", "排水中心": "Drainage", "公交集团": "Bus company",
    "人社局": "Labour and social security", "卫健委": "Health", "教育局": "Education",
    "市场监管局": "Market supervision",
}
CALL_TOPICS: dict[str, str] = {
    "供热": "Heating", "供水": "Water supply", "物业管理": "Property management",
    "噪声扰民": "Noise", "违章停车": "Illegal parking", "交通拥堵": "Congestion",
    "公共交通": "Public transport", "社会保障": "Social security", "医疗卫生": "Health care",
    "教育入学": "School entry", "消费维权": "Consumer rights", "环境污染": "Pollution",
    "违法建设": "Illegal building", "劳动纠纷": "Labour dispute", "道路积水": "Flooded road",
}
MATTERS: dict[str, str] = {
    "企业开办": "Opening a business", "不动产登记": "Registering real estate",
    "身份证换领": "Renewing an identity card", "社会保险转移接续": "Moving social insurance",
    "公积金提取": "Drawing the housing fund", "医保异地备案": "Health insurance elsewhere",
    "新生儿出生登记": "Registering a birth", "居住证办理": "Residence permit",
    "施工许可核发": "Building permit", "食品经营许可": "Food business permit",
    "婚姻登记预约": "Appointment to marry", "老年优待证": "Senior citizen's card",
}
