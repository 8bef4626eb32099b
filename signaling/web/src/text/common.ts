// SPDX-License-Identifier: Apache-2.0
// Words that several rooms need: states, kinds, urgencies, buttons.
import { catalogue } from './text';

export const common = catalogue({
    ok: '确定', cancel: '取消', save: '保存', send: '发送', close: '关闭', back: '返回', retry: '重试', delete: '删除', next: '下一步', print: '打印', search: '搜索', more: '更多', loading: '正在加载…', yes: '是', no: '否', none: '无', edit: '修改', open: '打开',
    offline: '网络已断开，正在自动重连。已填写的内容不会丢失。',
    'kind.live': '实时会诊', 'kind.emergency': '紧急会诊', 'kind.guidance': '实时指导', 'kind.reading': '诊断报告', 'kind.mdt': '多学科会诊', 'kind.joint_clinic': '联合门诊',
    'urgency.routine': '常规', 'urgency.urgent': '加急', 'urgency.emergency': '紧急',
    'state.draft': '草稿', 'state.submitted': '已提交，等待审核', 'state.returned': '已退回，请补充', 'state.approved': '已批准，等待分诊', 'state.triaged': '已分诊', 'state.routed': '正在呼叫专家', 'state.accepted': '专家已接诊', 'state.refused': '未被接诊', 'state.scheduled': '已预约', 'state.ready': '双方已就绪', 'state.in_progress': '会诊中', 'state.interrupted': '通话中断，正在恢复', 'state.opinion_drafted': '正在书写意见', 'state.opinion_signed': '意见已签署', 'state.delivered': '意见已送达，请确认', 'state.acknowledged': '已确认，等待结果', 'state.follow_up_due': '请填写随访结果', 'state.outcome_recorded': '已记录结果', 'state.archived': '已归档', 'state.cancelled': '已取消', 'state.expired': '无人应答', 'state.no_show': '未到场',
    'sex.male': '男', 'sex.female': '女', 'sex.unknown': '未知',
    years: '{n} 岁',
    'role.village_doctor': '乡村医生', 'role.specialist': '专家', 'role.coordinator': '会诊协调员', 'role.trainee': '进修人员', 'role.quality': '质控办', 'role.operator': '运维', 'role.admin': '管理员',
    'field.complaint': '主诉', 'field.purpose': '会诊目的', 'field.history': '病史', 'field.results': '检查结果', 'field.diagnosis': '初步诊断', 'field.treatment': '已做处理', 'field.allergy': '过敏史', 'field.patient.name': '姓名', 'field.patient.sex': '性别', 'field.patient.ageYears': '年龄', 'field.patient.idNumber': '证件号', 'field.panel': '专家组', 'field.material': '资料',
}, {
    ok: 'OK', cancel: 'Cancel', save: 'Save', send: 'Send', close: 'Close', back: 'Back', retry: 'Try again', delete: 'Delete', next: 'Next', print: 'Print', search: 'Search', more: 'More', loading: 'Loading…', yes: 'Yes', no: 'No', none: 'None', edit: 'Edit', open: 'Open',
    offline: 'The network is down. Reconnecting by itself; nothing you typed is lost.',
    'kind.live': 'Live consultation', 'kind.emergency': 'Emergency', 'kind.guidance': 'Live guidance', 'kind.reading': 'Reading', 'kind.mdt': 'Multi-disciplinary', 'kind.joint_clinic': 'Joint clinic',
    'urgency.routine': 'Routine', 'urgency.urgent': 'Urgent', 'urgency.emergency': 'Emergency',
    'state.draft': 'Draft', 'state.submitted': 'Sent, waiting for approval', 'state.returned': 'Returned: please complete it', 'state.approved': 'Approved, waiting for triage', 'state.triaged': 'Triaged', 'state.routed': 'Ringing specialists', 'state.accepted': 'A specialist has accepted', 'state.refused': 'Not accepted', 'state.scheduled': 'Scheduled', 'state.ready': 'Both sides are ready', 'state.in_progress': 'In consultation', 'state.interrupted': 'Interrupted, coming back', 'state.opinion_drafted': 'The opinion is being written', 'state.opinion_signed': 'The opinion is signed', 'state.delivered': 'Opinion here: please confirm', 'state.acknowledged': 'Confirmed, outcome to come', 'state.follow_up_due': 'Please record the outcome', 'state.outcome_recorded': 'Outcome recorded', 'state.archived': 'Archived', 'state.cancelled': 'Cancelled', 'state.expired': 'Nobody answered', 'state.no_show': 'Not attended',
    'sex.male': 'Male', 'sex.female': 'Female', 'sex.unknown': 'Unknown',
    years: '{n} years',
    'role.village_doctor': 'Village doctor', 'role.specialist': 'Specialist', 'role.coordinator': 'Coordinator', 'role.trainee': 'Trainee', 'role.quality': 'Quality office', 'role.operator': 'Operator', 'role.admin': 'Administrator',
    'field.complaint': 'Complaint', 'field.purpose': 'Purpose', 'field.history': 'History', 'field.results': 'Results', 'field.diagnosis': 'Working diagnosis', 'field.treatment': 'Treatment so far', 'field.allergy': 'Allergies', 'field.patient.name': 'Name', 'field.patient.sex': 'Sex', 'field.patient.ageYears': 'Age', 'field.patient.idNumber': 'ID number', 'field.panel': 'Panel', 'field.material': 'Materials',
});
