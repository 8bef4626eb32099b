/* SPDX-License-Identifier: Apache-2.0 */
/* DICOM through DCMTK (its library is C++, so this file is too): what kind of picture or waveform
 * it is, and whose. Long values (pixels) stay in the file. A value that does not fit its
 * representation makes the file unread: what else of it is to be trusted? */
#include "inspect/readers.h"
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/ofstd/ofchrenc.h>

namespace
{

struct member {
    DcmTagKey tag;
    const char *name;
    unsigned max; // bytes of a text; 0: a number
};

const member details[] = {
    {DCM_Modality, "modality", 16},
    {DCM_StudyInstanceUID, "studyUid", 64},
    {DCM_SeriesInstanceUID, "seriesUid", 64},
    {DCM_StudyDescription, "description", 64},
    {DCM_Rows, "rows", 0},
    {DCM_Columns, "columns", 0},
    {DCM_NumberOfFrames, "frames", 0},
};
const member identities[] = {
    {DCM_PatientName, "patientName", 256},
    {DCM_PatientID, "patientId", 64},
};

// UIDs of real devices have components that begin with a zero, which PS3.5 forbids: taken as they
// are while they are digits and dots.
bool fits(DcmElement &element)
{
    OFString text;
    if (element.ident() != EVR_UI)
        return element.checkValue("1-n", OFTrue).good();
    return element.getOFString(text, 0).good() &&
           text.find_first_not_of("0123456789.") == OFString_npos;
}

// The value as text, "" when it is absent; a value of the wrong shape fails the report.
OFString text_of(DcmItem &item, const DcmTagKey &key, struct report *r)
{
    DcmElement *element = nullptr;
    OFString text;
    if (item.findAndGetElement(key, element).bad() || !element || element->getLength() == 0)
        return text;
    if (!fits(*element))
        report_fail(r, "bad_value", DcmTag(key).getTagName());
    else
        element->getOFString(text, 0);
    return text;
}

void report_member(DcmItem &item, const member &m, struct report *r)
{
    OFString text = text_of(item, m.tag, r);
    if (text.empty())
        return;
    if (m.max)
        report_text(r, m.name, text.c_str(), m.max);
    else
        report_int(r, m.name, strtol(text.c_str(), nullptr, 10));
}

// "20030805" and "115747.50" to "2003-08-05T11:57:47"; a date alone stands too.
void report_time(const OFString &date, const OFString &time, struct report *r)
{
    OFString out;
    if (date.size() < 8)
        return;
    out = date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 2);
    if (time.size() >= 6)
        out += "T" + time.substr(0, 2) + ":" + time.substr(2, 2) + ":" + time.substr(4, 2);
    report_text(r, "startedAt", out.c_str(), 24);
}

// The name of a lead: of its code sequence (PS3.3 C.10.9).
void report_channels(DcmItem &group, struct report *r)
{
    DcmItem *channel = nullptr, *source = nullptr;
    for (long i = 0; group.findAndGetSequenceItem(DCM_ChannelDefinitionSequence, channel, i).good();
         i++) {
        OFString label;
        if (channel->findAndGetSequenceItem(DCM_ChannelSourceSequence, source, 0).good())
            label = text_of(*source, DCM_CodeMeaning, r);
        report_lead(r, label.empty() ? "?" : label.c_str());
    }
}

void report_waveform(DcmItem &data, struct report *r)
{
    DcmItem *group = nullptr;
    if (data.findAndGetSequenceItem(DCM_WaveformSequence, group, 0).bad())
        return;
    double rate = OFStandard::atof(text_of(*group, DCM_SamplingFrequency, r).c_str());
    long samples = strtol(text_of(*group, DCM_NumberOfWaveformSamples, r).c_str(), nullptr, 10);
    report_channels(*group, r);
    report_real(r, "sampleRateHz", rate);
    report_int(r, "samples", samples);
    if (rate > 0)
        report_int(r, "durationMs",
                   static_cast<int64_t>(static_cast<double>(samples) * 1000 / rate));
}

void report_all(DcmItem &data, struct report *r)
{
    for (const member &m : details)
        report_member(data, m, r);
    OFString date = text_of(data, DCM_AcquisitionDate, r),
             time = text_of(data, DCM_AcquisitionTime, r);
    if (date.empty()) {
        date = text_of(data, DCM_StudyDate, r);
        time = text_of(data, DCM_StudyTime, r);
    }
    report_time(date, time, r);
    report_waveform(data, r);
    if (data.convertToUTF8().bad())
        return; // the names stay in the file
    for (const member &m : identities)
        report_identity(r, m.name, text_of(data, m.tag, r).c_str(), m.max);
}

} // namespace

void prepare_dicom(void)
{
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    dcmDataDict.rdlock();
    dcmDataDict.rdunlock();
    OFCharacterEncoding warm; // the tables of the character sets that names come in
    for (const char *set : {"GB18030", "GBK", "ISO-8859-1"})
        (void)warm.selectEncoding(set, "UTF-8");
}

void read_dicom(const struct input *in, struct report *r)
{
    DcmFileFormat file;
    OFCondition status =
        file.loadFile(in->path, EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_fileOnly);
    if (status == EC_FileMetaInfoHeaderMissing)
        report_fail(r, "no_meta_header", nullptr);
    else if (status == EC_EndOfStream || status == EC_StreamNotifyClient ||
             status == EC_InvalidStream)
        report_fail(r, "cut_short", nullptr);
    else if (status.bad())
        report_fail(r, "damaged", nullptr);
    else
        report_all(*file.getDataset(), r);
}
