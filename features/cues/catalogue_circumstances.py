"""Cues of circumstance: what makes harm likelier, without being a threat or violence itself."""

from __future__ import annotations

from typing import Final

from features.cues.declaration import Cue
from features.cues.words import OFTEN, WEAPON

CIRCUMSTANCES: Final = (
    Cue(
        name="alcohol",
        title="酗酒、酒后滋事",
        definition="Drinks heavily, or was drunk at the time.",
        instrument="DA 16, ODARA 12, DASH 15",
        points=1.0,
        patterns=(
            r"酗酒|嗜酒|醉酒|酒醉|酒后|喝醉|喝(?:了点|了些|了|完|多了?)酒|喝多|酒瘾|撒酒疯|耍酒疯|酒气|一身酒味|整天喝酒|天天喝酒|好酒|饮酒|(?:经常|天天|整天|每天|日日|成天|常常|外出)[^，\n]{0,3}喝酒|醉醺醺|大醉|灌[^，\n]{0,6}(?:白酒|白干|二锅头)|喝得?(?:烂醉|大醉|醉)|酩酊|酒劲",
        ),
        examples=("长期酗酒", "酒后滋事", "喝醉了回家砸东西"),
        counter_examples=("没有酗酒", "未饮酒", "酒店合同纠纷"),
        advice="可能饮酒，避开饭后和夜间走访",
    ),
    Cue(
        name="drugs",
        title="吸毒",
        definition="Uses drugs.",
        instrument="DA 15, ODARA 12, DASH 15",
        points=1.0,
        patterns=(r"吸毒|毒瘾|冰毒|海洛因|溜冰毒|吸食|复吸|涉毒|戒毒",),
        examples=("有吸毒史", "男方复吸"),
        counter_examples=("没有吸毒",),
        advice="可能吸毒，勿单独上门，请社区民警陪同",
    ),
    Cue(
        name="ruin",
        title="赌博、债务、走投无路",
        definition="Gambling or debts that leave no way out.",
        instrument="DA 5 (unemployment), DASH 14",
        points=1.0,
        patterns=(
            r"赌博|赌债|网赌|好赌|嗜赌|烂赌|输光|高利贷|套路贷|催债|逼债|讨债公司|债主上门|破产|倾家荡产|血本无归|揭不开锅|断了?生活来源|没有生活来源|负债累累|欠一屁股债|家里(?:等着)?(?:用钱|断粮)|救命钱|血汗钱|失业|(?:没|无)路可走|(?:好|爱|嗜|迷)赌|去赌",
        ),
        examples=("赌博输光了家产", "债主上门逼债", "这是一家人的血汗钱"),
        counter_examples=("没有赌博",),
    ),
    Cue(
        name="hopelessness",
        title="绝望、情绪崩溃",
        definition="No hope, no way out, breaking down.",
        instrument="C-SSRS risk factors, Beck Hopelessness",
        points=1.5,
        patterns=(
            r"没有?(?:了)?(?:任何)?(?:希望|盼头|指望|活路|出路|奔头|退路)|看不到(?:希望|出路|头)|绝望|走投无路|心灰意冷|万念俱灰|心如死灰|(?:情|绪|情绪)(?:十分|非常|很|极度|极其|特别|一直)?(?:低落|崩溃)|精神崩溃|快?崩溃|没(?:有)?(?:什么|啥)?意义|没指望|天(?:都)?塌了|(?:没|无)路可走|日子(?:没法|过不下去)|过不下去|撑不下去|熬不下去|整夜(?:睡不着|失眠)",
        ),
        examples=("情绪低落", "称生活没有希望", "觉得走投无路", "日子过不下去了"),
        counter_examples=("情绪稳定", "并没有绝望"),
        advice="情绪低落，先关心近况，留意轻生念头",
    ),
    Cue(
        name="agitation",
        title="情绪激动、扬言闹事",
        definition="So agitated that talk breaks down.",
        instrument="B-SAFER, VRAG clinical notes",
        points=0.5,
        patterns=(
            r"情绪(?:十分|非常|很|极度|极其|特别|异常|比较)?(?:激动|失控|暴躁|激烈)|暴躁|易怒|脾气(?:很|特别)?(?:大|暴|火爆)|失去理智|冲动|大吵大闹|摔门|骂骂咧咧|闹事|掀(?:了)?桌|拍桌|大发雷霆|暴跳如雷|又吵又闹|扯着嗓子|咆哮|撒泼|歇斯底里",
        ),
        examples=("情绪非常激动", "性格暴躁易怒"),
        counter_examples=("情绪没有激动",),
    ),
    Cue(
        name="mental_illness",
        title="精神疾病或停药",
        definition="A mental illness, or its treatment stopped.",
        instrument="DASH 16, VPR",
        points=1.0,
        patterns=(
            r"精神(?:病|分裂|异常|障碍|失常|疾病|疾患|不正常|残疾)|抑郁|躁狂|双相|妄想|幻听|幻觉|(?:停|断|没吃|不肯吃|拒绝吃)药|疯疯癫癫",
        ),
        examples=("有精神分裂症", "近期停药", "患抑郁症多年"),
        counter_examples=("没有精神疾病",),
        advice="可能患病，请家属或精防人员陪同",
    ),
    Cue(
        name="jealousy",
        title="猜疑、嫉妒、婚外情",
        definition="Jealousy or suspicion of another partner.",
        instrument="DA 14, DASH 12",
        points=1.0,
        patterns=(
            r"出轨|婚外情|外遇|婚外|第三者|小三|情人|奸情|捉奸|绿帽|劈腿|(?:怀疑|疑心|猜疑|觉得)[^，\n]{0,8}(?:有人|外面|不忠|出轨|不正当|男人|女人)|猜疑|吃醋|嫉妒|不正当(?:男女|两性)?(?:男女)?关系|暧昧|有染|有一腿|重婚|不忠|出过轨|(?:与|跟|和)(?:他人|其他(?:女|男|异)性|第三人|别的[女男]人)[^，\n]{0,6}同居|亲子鉴定",
        ),
        examples=("怀疑妻子外面有人", "男方多次出轨", "疑心重爱吃醋"),
        counter_examples=("没有出轨",),
    ),
    Cue(
        name="control",
        title="控制、限制自由",
        definition="Decides over the other's money, contacts, movements.",
        instrument="DA 13, DASH 13, 反家庭暴力法 2",
        points=1.5,
        patterns=(
            r"不(?:让|准|许|允许)(?:我|她|他|其|女方|妻子)?[^，\n]{0,3}(?:出门|上班|工作|回娘家|见|联系|接触|外出|打电话|离开|跟[^，\n]{0,4}说话)",
            r"限制[^，\n]{0,5}(?:自由|外出|出行|人身)|查(?:看)?(?:我|她|他)?的?手机|没收[^，\n]{0,5}(?:手机|身份证|银行卡|证件|工资)|控制[^，\n]{0,4}(?:钱|经济|工资|行动|生活|妻子|女方)|反锁|锁在(?:家|屋|房|门)|关在(?:家|屋|房)|从外面锁|(?:收走|拿走)[^，\n]{0,4}(?:手机|身份证|银行卡)|(?:手机|身份证|银行卡|证件)[^，\n]{0,2}(?:收走|被扣|没收)|非法拘禁|囚禁|软禁|扣(?:押|下)?(?:我|她|他)?的?(?:身份证|证件)",
        ),
        examples=("不让她出门上班", "没收手机", "把妻子反锁在家里"),
        counter_examples=("没有限制人身自由",),
        advice="可能受人控制，设法单独谈话，不经他人转话",
    ),
    Cue(
        name="children",
        title="涉及未成年人",
        definition="Children saw it, are fought over, or are hurt.",
        instrument="DASH 9–10, ODARA 7, DA 18",
        points=1.0,
        patterns=(
            r"当着[^，\n]{0,3}(?:孩子|小孩|娃|女儿|儿子)|抢(?:走|夺|着要)?[^，\n]{0,2}(?:孩子|小孩|娃)|(?:藏|带走|抱走|偷走)(?:了|起)?[^，\n]{0,2}(?:孩子|小孩|娃)|不(?:让|给|准|许)[^，\n]{0,5}(?:看|见|探视|探望)(?:望)?[^，\n]{0,3}(?:孩子|小孩|娃)|探视权?|探望权?|抚养权|变更[^，\n]{0,8}抚养|抚养(?:问题|关系|纠纷)|(?:要求|请求|争)[^，\n]{0,6}抚养(?!费)|(?:孩子|小孩|娃|女儿|儿子)[^，\n]{0,10}(?:看着|看见|目睹)[^，\n]{0,6}(?:爸妈|父母|打|吵)|(?:打|骂|虐待|吓|伤)(?:到|了|着|坏)?[^，\n]{0,2}(?:孩子|小孩|娃|女儿|儿子|继子|继女)|(?:孩子|小孩|娃)[^，\n]{0,4}(?:害怕|吓|哭|受惊|被打|目睹)|虐童|继子|继女",
        ),
        examples=("当着孩子的面打人", "不让看孩子", "争夺抚养权"),
        counter_examples=("没有打孩子",),
        advice="留意未成年人是否安全，必要时联系学校和妇联",
    ),
    Cue(
        name="separation",
        title="分居、闹离婚、刚分手",
        definition="A relationship that is ending or has just ended.",
        instrument="DA 3, DASH 6, B-SAFER",
        points=1.0,
        patterns=(
            r"闹离婚|(?:提出|提|要求|坚持|起诉|想|要)(?:要)?离婚|离婚|分居|分手|提出分开|离家(?:出走|外出|不归)|感情(?:已|确|已经|确已|完全|彻底|最终|日趋|逐渐)*破裂|解除[^，\n]{0,6}婚姻关系|赶出家门|(?:离开|住)[^，\n]{0,6}娘家|搬出(?:去|来|家)|跑回娘家|回娘家|净身出户|复婚|挽回|前(?:妻|夫|男友|女友)|不同意离",
        ),
        examples=("女方提出离婚", "两人已分居", "前男友不同意分手"),
        counter_examples=("没有离婚的打算",),
    ),
    Cue(
        name="grudge",
        title="积怨已久",
        definition="A grudge of years.",
        instrument="HCR-20 H2, practice of 民转刑 reviews",
        points=1.5,
        patterns=(
            r"积怨|宿怨|旧怨|世仇|结怨|结仇|怀恨|记恨|仇恨|恩怨|素有(?:矛盾|嫌隙|过节|不和)|有过节|(?:多年|长期|历来|一直|一贯)(?:来)?(?:的)?(?:矛盾|不和|争执|纠纷|不来往|积怨|对立)|矛盾[^，\n]{0,5}(?:由来已久|多年|长期|激化|升级|很深|尖锐|不断)|势同水火|从不来往|结过仇|斗了[^，\n]{0,4}年|见面就(?:翻脸|吵|骂)|老死不相往来|水火不容",
        ),
        examples=("双方积怨多年", "素有矛盾", "矛盾由来已久", "一直怀恨在心"),
        counter_examples=("双方此前无积怨", "没有积怨"),
    ),
    Cue(
        name="order_breach",
        title="违反告诫书或保护令",
        definition="An order, warning or promise is breached, or violence goes on after the police came.",
        instrument="ODARA 9, DASH 23, 反家庭暴力法 34",
        points=2.5,
        patterns=(
            r"(?:违反|不顾|无视|不理|突破)[^，\n]{0,8}(?:告诫|保护令|禁令|禁止令|调解协议|协议|承诺|保证)",
            r"(?:告诫书?|保护令|警告|训诫|拘留|处罚|调解|出警|放出来|释放|保证书?)(?:出具|下达|作出|签订|签)?(?:之?后|过后|完|不久|没几天)[^，\n]{0,10}(?:仍|又|再|继续|依旧|依然|还|不改|反悔|变本加厉)",
            r"(?:反悔|毁约|不履行(?:调解)?协议|拒不履行(?!家庭|赡养|抚养)|说话不算)",
        ),
        examples=("违反人身安全保护令", "拘留后又上门闹", "签了协议又反悔"),
        counter_examples=("没有违反保护令",),
        advice="涉及违反告诫书或保护令，上门前先与派出所联系",
    ),
    Cue(
        name="injustice",
        title="深感冤屈、咽不下气",
        definition="A grievance of injustice that is felt as unbearable.",
        instrument="TRAP-18 (grievance), practice of 民转刑 reviews",
        points=1.0,
        patterns=(
            r"讨(?:个|回)?(?:说法|公道)|冤枉|冤屈|太冤|欺人太甚|欺负人|咽不下|判得不公|喊冤|觉得冤|颠倒黑白|把?黑的说成白的|忍无可忍|忍不下去|忍够了|被逼(?:无奈|急|疯|得)|逼(?:上绝路|急了|死|疯)|出(?:这|一)?口(?:恶)?气|不甘心|不服气|没(?:有)?天理|没人管|没有说理|受够了",
        ),
        examples=("称咽不下这口气", "觉得被逼上绝路", "就是要讨个公道"),
        counter_examples=("没有觉得冤枉",),
    ),
    Cue(
        name="property_damage",
        title="打砸、毁坏财物或伤害动物",
        definition="Destroys things or hurts animals.",
        instrument="DASH 21 (animals), B-SAFER",
        points=1.0,
        patterns=(
            r"打砸|砸(?:了|坏|烂|毁|碎|门|窗|车|家|玻璃|东西|摊|锁|店)|损毁|毁坏|故意损坏|踹门|踹坏|破门|撬(?:门|锁)|泼(?:油漆|粪|脏水|大粪)|划(?:坏|伤|花)[^，\n]{0,3}车|掀(?:桌|摊|翻)|摔(?:东西|手机|碗|杯|家具|坏|碎)|剪(?:断|坏|碎)|(?:毒|打|杀|摔|药)死(?:了)?[^，\n]{0,5}(?:狗|鸡|鸭|猫|鱼|羊|牛|猪)|堵(?:锁眼|下水)|断(?:水|电)|(?:狗|猫|鸡|鸭|羊|牛|鱼|猪)[^，\n]{0,3}(?:毒|打|弄|药)死|推倒[^，\n]{0,4}(?:墙|棚|围栏)|砸过",
        ),
        examples=("把门窗砸坏", "踹门而入", "毒死了他家的狗"),
        counter_examples=("没有打砸行为",),
    ),
    Cue(
        name="fear",
        title="受害一方害怕",
        definition="Somebody is afraid of the other.",
        instrument="DASH 2, VPR 20",
        points=1.5,
        patterns=(
            rf"害怕|恐惧|恐慌|惊恐|担惊受怕|提心吊胆|胆战心惊|不敢(?:回家|出门|睡|住|报警|说|开门|回|反抗|一个人)|怕(?:他|她|对方|其|被|再|遭)|担心[^，\n]{{0,6}}安全|人身安全|躲(?:在|到|起来|着|避|回)|吓(?:得|坏|哭)|东躲西藏|发抖|怕(?:丈夫|老公|妻子|儿子|男方)|{OFTEN}[^，\n]{{0,3}}做噩梦",
        ),
        examples=("吓得不敢回家", "担心自身人身安全", "怕他再来闹"),
        counter_examples=("并不害怕",),
        advice="当事人害怕，先确认其住处安全和求助渠道",
    ),
    Cue(
        name="insult",
        title="辱骂、羞辱",
        definition="Insults, humiliation.",
        instrument="DASH 11, PMWI",
        points=0.5,
        patterns=(
            r"辱骂|谩骂|羞辱|侮辱|破口大骂|大骂|臭骂|相骂|责骂|恶语|祖宗[^，\n]{0,3}代|发[^，\n]{0,5}脏话|对骂|骂(?:我|她|他|人|脏话|街)|言语攻击|诽谤|造谣|吐(?:口水|唾沫)|当众[^，\n]{0,4}骂",
        ),
        examples=("当众辱骂对方", "在群里造谣"),
        counter_examples=("没有辱骂",),
    ),
    Cue(
        name="crowd",
        title="纠集多人、对峙",
        definition="Gathers people; sides face each other.",
        instrument="practice of 民转刑 reviews",
        points=1.0,
        patterns=(
            rf"纠集|纠结[^，\n]{{0,4}}人|聚集|聚众|(?:喊|叫|召)来[^，\n]{{0,8}}(?:个|名|帮|群|老乡|兄弟|亲戚)|水泄不通|叫(?:来|了)[^，\n]{{0,5}}(?:人|亲戚|兄弟)|带(?:了|着|来)?[^，\n]{{0,4}}(?:个|名|多|群|帮)人|对峙|围攻|围住|群殴|两家[^，\n]{{0,4}}(?:打|{WEAPON})",
        ),
        examples=("纠集十几人上门", "双方在路口对峙"),
        counter_examples=("没有聚众",),
    ),
)
