// SPDX-License-Identifier: Apache-2.0
// Frequent ICD-10 codes, to be found by code or by name in either language. A help for typing, not a code system: any
// code of the right form may be entered.
export const SYSTEM = 'ICD-10';

/** code, zh, en */
export const FREQUENT: readonly (readonly [string, string, string])[] = [
    ['A09', '感染性胃肠炎和结肠炎', 'Infectious gastroenteritis and colitis'], ['A15.0', '肺结核，痰检证实', 'Tuberculosis of lung, confirmed by sputum'], ['A41.9', '脓毒症', 'Sepsis, unspecified'], ['B02.9', '带状疱疹', 'Zoster without complication'], ['B18.1', '慢性乙型病毒性肝炎', 'Chronic viral hepatitis B'],
    ['C34.9', '支气管或肺恶性肿瘤', 'Malignant neoplasm of bronchus or lung'], ['C16.9', '胃恶性肿瘤', 'Malignant neoplasm of stomach'], ['D50.9', '缺铁性贫血', 'Iron deficiency anaemia'],
    ['E03.9', '甲状腺功能减退症', 'Hypothyroidism'], ['E05.9', '甲状腺毒症', 'Thyrotoxicosis'], ['E10.1', '1 型糖尿病伴酮症酸中毒', 'Type 1 diabetes with ketoacidosis'], ['E11.9', '2 型糖尿病', 'Type 2 diabetes without complications'], ['E11.3', '2 型糖尿病伴眼部并发症', 'Type 2 diabetes with ophthalmic complications'], ['E78.5', '高脂血症', 'Hyperlipidaemia'], ['E86', '脱水', 'Volume depletion'], ['E87.6', '低钾血症', 'Hypokalaemia'], ['E87.5', '高钾血症', 'Hyperkalaemia'],
    ['F32.9', '抑郁发作', 'Depressive episode'], ['F41.9', '焦虑障碍', 'Anxiety disorder'], ['G40.9', '癫痫', 'Epilepsy'], ['G43.9', '偏头痛', 'Migraine'], ['G45.9', '短暂性脑缺血发作', 'Transient cerebral ischaemic attack'], ['G51.0', '面神经麻痹（贝尔麻痹）', 'Bell palsy'],
    ['H25.9', '老年性白内障', 'Senile cataract'], ['H36.0', '糖尿病性视网膜病变', 'Diabetic retinopathy'], ['H40.9', '青光眼', 'Glaucoma'], ['H66.9', '中耳炎', 'Otitis media'], ['H81.1', '良性阵发性眩晕', 'Benign paroxysmal vertigo'],
    ['I10', '原发性高血压', 'Essential hypertension'], ['I20.0', '不稳定性心绞痛', 'Unstable angina'], ['I20.9', '心绞痛', 'Angina pectoris'], ['I21.0', '前壁急性透壁性心肌梗死', 'Acute transmural infarction of anterior wall'], ['I21.1', '下壁急性透壁性心肌梗死', 'Acute transmural infarction of inferior wall'], ['I21.4', '急性心内膜下心肌梗死', 'Acute subendocardial infarction'], ['I21.9', '急性心肌梗死', 'Acute myocardial infarction'], ['I25.1', '动脉粥样硬化性心脏病', 'Atherosclerotic heart disease'], ['I26.9', '肺栓塞', 'Pulmonary embolism'], ['I44.2', '完全性房室传导阻滞', 'Complete atrioventricular block'], ['I47.1', '室上性心动过速', 'Supraventricular tachycardia'], ['I47.2', '室性心动过速', 'Ventricular tachycardia'], ['I48', '心房颤动和扑动', 'Atrial fibrillation and flutter'], ['I49.3', '室性期前收缩', 'Ventricular premature depolarization'], ['I50.9', '心力衰竭', 'Heart failure'], ['I60.9', '蛛网膜下腔出血', 'Subarachnoid haemorrhage'], ['I61.9', '脑内出血', 'Intracerebral haemorrhage'], ['I63.9', '脑梗死', 'Cerebral infarction'], ['I71.0', '主动脉夹层', 'Dissection of aorta'], ['I80.2', '下肢深静脉血栓', 'Deep vein thrombosis of leg'],
    ['J06.9', '急性上呼吸道感染', 'Acute upper respiratory infection'], ['J18.0', '支气管肺炎', 'Bronchopneumonia'], ['J18.9', '肺炎', 'Pneumonia'], ['J20.9', '急性支气管炎', 'Acute bronchitis'], ['J21.9', '急性细支气管炎', 'Acute bronchiolitis'], ['J44.1', '慢性阻塞性肺疾病伴急性加重', 'COPD with acute exacerbation'], ['J44.9', '慢性阻塞性肺疾病', 'COPD'], ['J45.9', '哮喘', 'Asthma'], ['J60', '煤工尘肺', 'Coalworker pneumoconiosis'], ['J90', '胸腔积液', 'Pleural effusion'], ['J93.9', '气胸', 'Pneumothorax'],
    ['K21.9', '胃食管反流病', 'Gastro-oesophageal reflux disease'], ['K25.9', '胃溃疡', 'Gastric ulcer'], ['K29.5', '慢性胃炎', 'Chronic gastritis'], ['K35.8', '急性阑尾炎', 'Acute appendicitis'], ['K40.9', '腹股沟疝', 'Inguinal hernia'], ['K56.7', '肠梗阻', 'Ileus'], ['K74.6', '肝硬化', 'Cirrhosis of liver'], ['K80.2', '胆囊结石', 'Calculus of gallbladder'], ['K85.9', '急性胰腺炎', 'Acute pancreatitis'], ['K92.2', '消化道出血', 'Gastrointestinal haemorrhage'],
    ['L03.9', '蜂窝织炎', 'Cellulitis'], ['L20.9', '特应性皮炎', 'Atopic dermatitis'], ['L30.9', '皮炎', 'Dermatitis'], ['L40.9', '银屑病', 'Psoriasis'], ['L50.9', '荨麻疹', 'Urticaria'], ['M06.9', '类风湿性关节炎', 'Rheumatoid arthritis'], ['M10.9', '痛风', 'Gout'], ['M17.9', '膝关节病', 'Gonarthrosis'], ['M51.2', '腰椎间盘突出', 'Lumbar disc displacement'], ['M54.5', '下腰痛', 'Low back pain'],
    ['N10', '急性肾盂肾炎', 'Acute pyelonephritis'], ['N18.9', '慢性肾脏病', 'Chronic kidney disease'], ['N20.0', '肾结石', 'Calculus of kidney'], ['N39.0', '泌尿道感染', 'Urinary tract infection'], ['N40', '前列腺增生', 'Hyperplasia of prostate'], ['O13', '妊娠期高血压', 'Gestational hypertension'], ['O14.1', '重度子痫前期', 'Severe pre-eclampsia'], ['O14.9', '子痫前期', 'Pre-eclampsia'], ['O24.4', '妊娠期糖尿病', 'Gestational diabetes'], ['O72.1', '产后即时出血', 'Immediate postpartum haemorrhage'], ['P22.0', '新生儿呼吸窘迫综合征', 'Respiratory distress syndrome of newborn'], ['P59.9', '新生儿黄疸', 'Neonatal jaundice'],
    ['R07.4', '胸痛', 'Chest pain'], ['R10.4', '腹痛', 'Abdominal pain'], ['R42', '头晕', 'Dizziness'], ['R50.9', '发热', 'Fever'], ['R51', '头痛', 'Headache'], ['R55', '晕厥', 'Syncope'], ['R56.0', '热性惊厥', 'Febrile convulsions'],
    ['S06.0', '脑震荡', 'Concussion'], ['S22.4', '多根肋骨骨折', 'Multiple fractures of ribs'], ['S52.5', '桡骨下端骨折', 'Fracture of lower end of radius'], ['S72.0', '股骨颈骨折', 'Fracture of neck of femur'], ['S82.6', '外踝骨折', 'Fracture of lateral malleolus'], ['T30.0', '烧伤', 'Burn'], ['T60.0', '有机磷农药中毒', 'Organophosphate poisoning'], ['T63.0', '蛇毒中毒', 'Snake venom'], ['T78.2', '过敏性休克', 'Anaphylactic shock'],
];

export interface Found { code: string; name: string }

/** At most `max`, those whose code begins so first. */
export function findCodes(typed: string, english: boolean, max = 12): Found[] {
    const wanted = typed.trim().toLowerCase();
    if (!wanted) return [];
    const score = ([code, zh, en]: readonly [string, string, string]): number =>
        code.toLowerCase().startsWith(wanted) ? 0 : zh.startsWith(wanted) || en.toLowerCase().startsWith(wanted) ? 1 : zh.includes(wanted) || en.toLowerCase().includes(wanted) ? 2 : 3;
    return FREQUENT.map((row) => ({ row, rank: score(row) })).filter((r) => r.rank < 3).sort((a, b) => a.rank - b.rank).slice(0, max)
        .map(({ row: [code, zh, en] }) => ({ code, name: english ? en : zh }));
}
