// SPDX-License-Identifier: Apache-2.0
// Words of opinions: fields, versions, signing, conclusion, referral.
import { catalogue } from '../text/text';

export const words = catalogue({
    'field.findings': '所见', 'field.diagnosis': '诊断意见', 'field.plan': '处理方案', 'field.advice': '建议与注意事项', 'field.referral': '转诊建议', 'field.limits': '局限说明', codes: '诊断编码', followUp: '随访', critical: '危急值报告',
    followUpIn: '{n} 天后请反馈随访结果', reduced: '本次会诊的图像或声音质量受限，意见据此给出，请结合现场情况判断。',
    'kind.opinion': '会诊意见', 'kind.conclusion': '多学科会诊结论', by: '{name}（{institution}）', signedAt: '签署时间：{at}', version: '第 {n} 版', advises: '会诊意见供邀请方参考，诊疗决定由邀请方医疗机构作出。',
    verified: '签名已核验，内容未被改动', checking: '正在核验签名…', 'notVerified.not_signed': '尚未签署', 'notVerified.hash_mismatch': '核验未通过：内容与签署时不一致。请勿据此处理，并联系会诊中心。', 'notVerified.signature_invalid': '核验未通过：签名无效。请勿据此处理，并联系会诊中心。', 'notVerified.certificate_invalid': '核验未通过：签名证书无效。请联系会诊中心。', 'notVerified.content_differs': '核验未通过：内容与病例不符。请勿据此处理，并联系会诊中心。', notChecked: '暂时无法核验签名，联网后会自动再试。',
    noneYet: '意见还没有签署。签署后会自动显示在这里。', changed: '本版已修改此前意见，原因：{reason}', former: '以前的版本', formerMark: '此版本已被新版本取代，仅供查阅。', experts: '各位专家的意见', excused: '未签署（已说明原因）', dissents: '有不同意见', agrees: '同意结论',
}, {
    'field.findings': 'Findings', 'field.diagnosis': 'Diagnosis', 'field.plan': 'Plan', 'field.advice': 'Advice', 'field.referral': 'Referral', 'field.limits': 'Limits', codes: 'Diagnosis codes', followUp: 'Follow-up', critical: 'Critical value reported',
    followUpIn: 'Please report the outcome after {n} days', reduced: 'Pictures or sound were of reduced quality, and this opinion rests on them. Please weigh it with what you see on the spot.',
    'kind.opinion': 'Opinion', 'kind.conclusion': 'Conclusion of the multi-disciplinary team', by: '{name} ({institution})', signedAt: 'Signed {at}', version: 'Version {n}', advises: 'The expert advises; the inviting institution decides.',
    verified: 'Signature checked: nothing was changed since', checking: 'Checking the signature…', 'notVerified.not_signed': 'Not signed yet', 'notVerified.hash_mismatch': 'The check failed: the content is not what was signed. Do not act on it; call the consultation centre.', 'notVerified.signature_invalid': 'The check failed: the signature is not valid. Do not act on it; call the consultation centre.', 'notVerified.certificate_invalid': 'The check failed: the certificate is not valid. Call the consultation centre.', 'notVerified.content_differs': 'The check failed: the content does not belong to this case. Do not act on it; call the consultation centre.', notChecked: 'The signature could not be checked just now; it is tried again when the network is back.',
    noneYet: 'The opinion is not signed yet. It appears here by itself once it is.', changed: 'This version changes an earlier one. Reason: {reason}', former: 'Earlier versions', formerMark: 'A newer version has replaced this one; it is kept for reading.', experts: 'Opinions of the experts', excused: 'Did not sign (reason given)', dissents: 'Dissents', agrees: 'Agrees with the conclusion',
});
