// SPDX-License-Identifier: Apache-2.0
// Structured templates by specialty, a table in both languages. They ask what has to be said; they hold no finding of
// their own: each statement is a blank or a choice to be made by the author.
import type { Language } from '../text/text';
import type { Template, TemplateText } from './templates';

interface Row { id: string; specialties: string[]; days?: number; zh: [string, TemplateText]; en: [string, TemplateText] }

const ROWS: Row[] = [
    {
        id: 'general', specialties: [],
        zh: ['通用会诊意见', { findings: '患者{sex}，{age}，因“{complaint}”就诊。\n视频所见：一般情况 ____，神志 ____。\n资料所示：____', diagnosis: '1. ____', plan: '1. 进一步检查：____\n2. 治疗：____（药名、剂量、用法、疗程）', advice: '出现下列情况请立即再次呼叫或转诊：____\n生活与护理：____', referral: '目前 ____（需要／不需要）转诊。', limits: '本次未能查体的部分：____', followUpDays: 7 }],
        en: ['General consultation', { findings: '{sex}, {age}, seen for "{complaint}".\nOn video: general condition ____, consciousness ____.\nMaterials show: ____', diagnosis: '1. ____', plan: '1. Further tests: ____\n2. Treatment: ____ (drug, dose, route, course)', advice: 'Call again or transfer at once if: ____\nCare and daily life: ____', referral: 'Transfer is ____ (needed / not needed) now.', limits: 'Not examined this time: ____', followUpDays: 7 }],
    },
    {
        id: 'chest_pain', specialties: ['cardiology', 'chest_pain', 'emergency', 'cardiac_surgery'], days: 7,
        zh: ['胸痛', { findings: '胸痛起病时间 ____，部位与性质 ____，持续 ____ 分钟，放射痛 ____，伴随症状 ____。\n血压 ____ mmHg，心率 ____ 次/分，血氧 ____ %。\n心电图（____ 时 ____ 分）：节律 ____，ST 段 ____，T 波 ____。\n肌钙蛋白：____', diagnosis: '1. ____\n危险分层：____（低危／中危／高危）', plan: '1. 立即：____\n2. 抗栓及其他用药：____（剂量、禁忌已核对：____）\n3. 复查心电图：____ 分钟后；肌钙蛋白：____ 小时后', advice: '卧床、监护。胸痛再发、血压低于 ____、心率高于 ____ 或晕厥：立即呼叫。', referral: '____（立即转往有介入能力的胸痛中心／就地观察）。转运要求：____', limits: '____' }],
        en: ['Chest pain', { findings: 'Onset ____, site and character ____, lasting ____ min, radiation ____, with ____.\nBP ____ mmHg, HR ____ /min, SpO2 ____ %.\nECG (at ____): rhythm ____, ST ____, T ____.\nTroponin: ____', diagnosis: '1. ____\nRisk: ____ (low / intermediate / high)', plan: '1. At once: ____\n2. Antithrombotic and other drugs: ____ (dose; contraindications checked: ____)\n3. Repeat ECG in ____ min, troponin in ____ h', advice: 'Rest, monitor. Call at once for pain again, BP below ____, HR above ____ or fainting.', referral: '____ (transfer now to a centre that can intervene / observe here). For transport: ____', limits: '____' }],
    },
    {
        id: 'stroke', specialties: ['neurology', 'stroke', 'neurosurgery', 'emergency'], days: 7,
        zh: ['疑似卒中', { findings: '最后正常时间 ____。FAST：面 ____，臂 ____，言语 ____。NIHSS ____ 分。\n血压 ____ mmHg，血糖 ____ mmol/L，抗凝药 ____。\n头颅 CT（如有）：____', diagnosis: '1. ____（缺血性／出血性／待定）', plan: '1. 静脉溶栓：____（适应证与禁忌证已逐条核对：____）\n2. 血压目标：____\n3. 其他：____', advice: '禁食水至吞咽评估；每 ____ 分钟评估神志、瞳孔、肢体与血压。恶化立即呼叫。', referral: '____（立即转往卒中中心，预计 ____ 分钟／就地处理）', limits: '远程查体的局限：____' }],
        en: ['Suspected stroke', { findings: 'Last seen well ____. FAST: face ____, arm ____, speech ____. NIHSS ____.\nBP ____ mmHg, glucose ____ mmol/L, anticoagulant ____.\nCT head (if any): ____', diagnosis: '1. ____ (ischaemic / haemorrhagic / open)', plan: '1. Thrombolysis: ____ (indication and each contraindication checked: ____)\n2. BP target: ____\n3. Other: ____', advice: 'Nothing by mouth before a swallow test; consciousness, pupils, limbs and BP each ____ min. Call at once if worse.', referral: '____ (to the stroke centre now, ____ min / treat here)', limits: 'Limits of remote examination: ____' }],
    },
    {
        id: 'ecg', specialties: ['ecg', 'cardiology'],
        zh: ['心电图报告', { findings: '节律：____　心率：____ 次/分\n电轴：____　PR：____ ms　QRS：____ ms　QT/QTc：____ / ____ ms\nP 波：____\nQRS 波：____\nST-T：____\n与既往比较：____', diagnosis: '1. ____', advice: '请结合临床。____', limits: '记录质量：____' }],
        en: ['ECG report', { findings: 'Rhythm: ____  Rate: ____ /min\nAxis: ____  PR: ____ ms  QRS: ____ ms  QT/QTc: ____ / ____ ms\nP: ____\nQRS: ____\nST-T: ____\nCompared with before: ____', diagnosis: '1. ____', advice: 'Please correlate clinically. ____', limits: 'Quality of the recording: ____' }],
    },
    {
        id: 'chest_xray', specialties: ['radiology', 'respiratory', 'thoracic_surgery'],
        zh: ['胸部 X 线报告', { findings: '检查方法：____\n胸廓：____\n肺野：____\n肺门：____\n心影与纵隔：____\n膈面与肋膈角：____\n与既往比较：____', diagnosis: '1. ____', advice: '建议：____', limits: '图像质量：____' }],
        en: ['Chest X-ray report', { findings: 'Technique: ____\nChest wall: ____\nLungs: ____\nHila: ____\nHeart and mediastinum: ____\nDiaphragm and costophrenic angles: ____\nCompared with before: ____', diagnosis: '1. ____', advice: 'Suggested: ____', limits: 'Image quality: ____' }],
    },
    {
        id: 'imaging', specialties: ['radiology', 'ultrasound', 'orthopaedics'],
        zh: ['影像报告（其他部位）', { findings: '部位与方法：____\n所见：____\n测量：____\n与既往比较：____', diagnosis: '1. ____', advice: '建议：____', limits: '图像质量：____' }],
        en: ['Imaging report (other)', { findings: 'Region and technique: ____\nFindings: ____\nMeasurements: ____\nCompared with before: ____', diagnosis: '1. ____', advice: 'Suggested: ____', limits: 'Image quality: ____' }],
    },
    {
        id: 'pathology', specialties: ['pathology', 'oncology'],
        zh: ['病理报告', { findings: '标本与取材：____\n大体：____\n镜下：____\n特殊染色／免疫组化：____', diagnosis: '____', advice: '____', limits: '所见切片与图像质量：____' }],
        en: ['Pathology report', { findings: 'Specimen: ____\nGross: ____\nMicroscopy: ____\nStains / immunohistochemistry: ____', diagnosis: '____', advice: '____', limits: 'Slides seen and image quality: ____' }],
    },
    {
        id: 'child', specialties: ['paediatrics', 'neonatology', 'child_rescue'], days: 3,
        zh: ['儿科', { findings: '年龄 {age}，体重 ____ kg。精神 ____，进食 ____，尿量 ____。\n体温 ____ ℃，呼吸 ____ 次/分，心率 ____ 次/分，血氧 ____ %。\n呼吸困难表现：____　皮肤与循环：____', diagnosis: '1. ____', plan: '1. 用药（按体重 ____ kg 计算）：____\n2. 补液：____', advice: '出现以下危险信号立即就诊：不能进食、反复呕吐、抽搐、嗜睡、呼吸急促、____。\n家长指导：____', referral: '____', limits: '____' }],
        en: ['Child', { findings: 'Age {age}, weight ____ kg. Alertness ____, feeding ____, urine ____.\nTemp ____ °C, RR ____ /min, HR ____ /min, SpO2 ____ %.\nSigns of distress: ____  Skin and circulation: ____', diagnosis: '1. ____', plan: '1. Drugs (for ____ kg): ____\n2. Fluids: ____', advice: 'Danger signs, come at once: cannot feed, vomits everything, fits, drowsy, fast breathing, ____.\nFor the parents: ____', referral: '____', limits: '____' }],
    },
    {
        id: 'maternal', specialties: ['obstetrics', 'gynaecology', 'maternal_rescue'], days: 7,
        zh: ['产科', { findings: '孕 ____ 周，孕产次 ____。血压 ____ mmHg，宫缩 ____，阴道流血 ____ ml，胎动 ____，胎心 ____ 次/分。\n尿蛋白 ____，水肿 ____。', diagnosis: '1. ____\n高危因素与分级：____', plan: '1. ____', advice: '出现头痛、视物模糊、腹痛、流血、胎动减少：立即呼叫。', referral: '____（立即转往救治中心／按期产检）。转运准备：____', limits: '____' }],
        en: ['Obstetrics', { findings: '____ weeks, gravida/para ____. BP ____ mmHg, contractions ____, bleeding ____ ml, movements ____, fetal heart ____ /min.\nProteinuria ____, oedema ____.', diagnosis: '1. ____\nRisk factors and grade: ____', plan: '1. ____', advice: 'Call at once for headache, blurred sight, abdominal pain, bleeding or fewer movements.', referral: '____ (to the rescue centre now / routine visits). For transport: ____', limits: '____' }],
    },
    {
        id: 'trauma', specialties: ['trauma', 'orthopaedics', 'general_surgery', 'neurosurgery', 'emergency', 'burns'], days: 7,
        zh: ['创伤', { findings: '受伤时间与机制：____\n气道 ____　呼吸 ____　循环 ____　神志（GCS）____\n伤情：____\n影像：____', diagnosis: '1. ____', plan: '1. 止血、固定：____\n2. 用药（含破伤风）：____\n3. ____', advice: '观察：____。恶化立即呼叫。', referral: '____。转运固定与途中监护：____', limits: '____' }],
        en: ['Trauma', { findings: 'When and how: ____\nAirway ____  Breathing ____  Circulation ____  GCS ____\nInjuries: ____\nImaging: ____', diagnosis: '1. ____', plan: '1. Stop bleeding, immobilise: ____\n2. Drugs (tetanus too): ____\n3. ____', advice: 'Watch: ____. Call at once if worse.', referral: '____. Immobilisation and watch on the way: ____', limits: '____' }],
    },
    {
        id: 'chronic', specialties: ['general_practice', 'endocrinology', 'cardiology', 'nephrology', 'geriatrics'], days: 30,
        zh: ['慢病复诊', { findings: '近期血压 ____ mmHg，空腹血糖 ____ mmol/L，糖化血红蛋白 ____ %，体重 ____ kg。\n用药与依从性：____\n并发症筛查：____', diagnosis: '1. ____', plan: '1. 调整用药：____\n2. 目标：血压 ____，血糖 ____', advice: '饮食与运动：____。自测：____', referral: '____', limits: '____' }],
        en: ['Long-term condition, review', { findings: 'Recent BP ____ mmHg, fasting glucose ____ mmol/L, HbA1c ____ %, weight ____ kg.\nDrugs and adherence: ____\nScreening for complications: ____', diagnosis: '1. ____', plan: '1. Change of drugs: ____\n2. Targets: BP ____, glucose ____', advice: 'Diet and exercise: ____. Self-measurement: ____', referral: '____', limits: '____' }],
    },
    {
        id: 'skin', specialties: ['dermatology'], days: 14,
        zh: ['皮肤科', { findings: '部位 ____，分布 ____，皮损形态 ____，颜色 ____，大小 ____，自觉症状 ____，病程 ____。', diagnosis: '1. ____', plan: '1. 外用：____\n2. 口服：____', advice: '____', referral: '____', limits: '照片清晰度与光线：____' }],
        en: ['Skin', { findings: 'Site ____, spread ____, lesions ____, colour ____, size ____, felt as ____, since ____.', diagnosis: '1. ____', plan: '1. Topical: ____\n2. Oral: ____', advice: '____', referral: '____', limits: 'Sharpness and light of the photos: ____' }],
    },
    {
        id: 'eye', specialties: ['ophthalmology', 'endocrinology'], days: 90,
        zh: ['眼底照片', { findings: '右眼：视盘 ____，血管 ____，黄斑 ____，视网膜 ____\n左眼：视盘 ____，血管 ____，黄斑 ____，视网膜 ____\n视力：右 ____　左 ____', diagnosis: '右眼：____\n左眼：____', plan: '____', advice: '复查间隔：____', referral: '____', limits: '图像质量：右 ____　左 ____' }],
        en: ['Fundus photograph', { findings: 'Right: disc ____, vessels ____, macula ____, retina ____\nLeft: disc ____, vessels ____, macula ____, retina ____\nAcuity: right ____  left ____', diagnosis: 'Right: ____\nLeft: ____', plan: '____', advice: 'Look again in: ____', referral: '____', limits: 'Image quality: right ____  left ____' }],
    },
    {
        id: 'conclusion', specialties: [],
        zh: ['多学科会诊结论', { findings: '参加科室：____\n讨论要点：____', diagnosis: '共同诊断：____', plan: '共同方案：\n1. ____\n分工与时限：____', advice: '____', referral: '____', limits: '未达成一致之处：____', followUpDays: 14 }],
        en: ['Conclusion of a team', { findings: 'Departments: ____\nDiscussed: ____', diagnosis: 'Agreed diagnosis: ____', plan: 'Agreed plan:\n1. ____\nWho does what by when: ____', advice: '____', referral: '____', limits: 'Not agreed: ____', followUpDays: 14 }],
    },
];

export function builtin(language: Language): Template[] {
    return ROWS.map(({ id, specialties, days, zh, en }) => {
        const [name, text] = language === 'en' ? en : zh;
        return { id: `builtin.${id}`, specialties, name, text: days === undefined ? text : { ...text, followUpDays: days } };
    });
}
