// The schema of the archive as data: SQL, record kinds, code lists, rules and messages, embedded in the program.
//
// Every file of the five folders is listed here by name, because the order of migrations matters and because a file that
// is embedded but not listed would be dead weight nobody reads. A test compares the folders with these lists.

/// The embedded files, each as its name and its bytes.
public enum Schema {
    /// A file's name and its bytes as committed.
    public typealias File = (name: String, bytes: [UInt8])

    /// Changes of the database schema, in the order in which they are applied; never edited once released.
    public static var migrations: [File] {
        [
            ("v0001-integrity-file.sql", PackageResources.v0001_integrity_file_sql)
        ]
    }

    /// Record kinds (种类): `kind-<id>.json`.
    public static var kinds: [File] {
        [
            ("kind-accountability.json", PackageResources.kind_accountability_json),
            ("kind-admonition.json", PackageResources.kind_admonition_json),
            ("kind-antiGangCase.json", PackageResources.kind_antiGangCase_json),
            ("kind-appraisal.json", PackageResources.kind_appraisal_json),
            ("kind-auxEntry.json", PackageResources.kind_auxEntry_json),
            ("kind-caseEnquiry.json", PackageResources.kind_caseEnquiry_json),
            ("kind-clearance.json", PackageResources.kind_clearance_json),
            ("kind-complaint.json", PackageResources.kind_complaint_json),
            ("kind-drinkingRisk.json", PackageResources.kind_drinkingRisk_json),
            ("kind-dutyTrace.json", PackageResources.kind_dutyTrace_json),
            ("kind-engagementReport.json", PackageResources.kind_engagementReport_json),
            ("kind-fileReview.json", PackageResources.kind_fileReview_json),
            ("kind-helpMeasure.json", PackageResources.kind_helpMeasure_json),
            ("kind-incident.json", PackageResources.kind_incident_json),
            ("kind-leadSignal.json", PackageResources.kind_leadSignal_json),
            ("kind-majorEvent.json", PackageResources.kind_majorEvent_json),
            ("kind-officer.json", PackageResources.kind_officer_json),
            ("kind-opinion.json", PackageResources.kind_opinion_json),
            ("kind-postChange.json", PackageResources.kind_postChange_json),
            ("kind-sanction.json", PackageResources.kind_sanction_json),
            ("kind-talk.json", PackageResources.kind_talk_json),
            ("kind-training.json", PackageResources.kind_training_json),
            ("kind-useJudgement.json", PackageResources.kind_useJudgement_json),
            ("kind-verification.json", PackageResources.kind_verification_json),
        ]
    }

    /// Code lists (代码表): `codes-<id>.json`.
    public static var codeLists: [File] {
        [
            ("codes-accountabilityMode.json", PackageResources.codes_accountabilityMode_json),
            ("codes-admonitionMode.json", PackageResources.codes_admonitionMode_json),
            ("codes-appraisalGrade.json", PackageResources.codes_appraisalGrade_json),
            ("codes-auxBar.json", PackageResources.codes_auxBar_json),
            ("codes-auxEntry.json", PackageResources.codes_auxEntry_json),
            ("codes-auxMove.json", PackageResources.codes_auxMove_json),
            ("codes-breakdown.json", PackageResources.codes_breakdown_json),
            ("codes-careLevel.json", PackageResources.codes_careLevel_json),
            ("codes-careMeasure.json", PackageResources.codes_careMeasure_json),
            ("codes-careTrigger.json", PackageResources.codes_careTrigger_json),
            ("codes-caseCategory.json", PackageResources.codes_caseCategory_json),
            ("codes-category.json", PackageResources.codes_category_json),
            ("codes-channel.json", PackageResources.codes_channel_json),
            ("codes-clearanceKind.json", PackageResources.codes_clearanceKind_json),
            ("codes-clearanceMode.json", PackageResources.codes_clearanceMode_json),
            ("codes-complaintClass.json", PackageResources.codes_complaintClass_json),
            ("codes-course.json", PackageResources.codes_course_json),
            ("codes-disposal.json", PackageResources.codes_disposal_json),
            ("codes-dutyArea.json", PackageResources.codes_dutyArea_json),
            ("codes-education.json", PackageResources.codes_education_json),
            ("codes-engagementLevel.json", PackageResources.codes_engagementLevel_json),
            ("codes-engagementOccasion.json", PackageResources.codes_engagementOccasion_json),
            ("codes-enquirerRelation.json", PackageResources.codes_enquirerRelation_json),
            ("codes-enquiryMode.json", PackageResources.codes_enquiryMode_json),
            ("codes-eventKind.json", PackageResources.codes_eventKind_json),
            ("codes-eventOccasion.json", PackageResources.codes_eventOccasion_json),
            ("codes-evidenceKind.json", PackageResources.codes_evidenceKind_json),
            ("codes-fileReviewResult.json", PackageResources.codes_fileReviewResult_json),
            ("codes-grade.json", PackageResources.codes_grade_json),
            ("codes-guestCategory.json", PackageResources.codes_guestCategory_json),
            ("codes-habit.json", PackageResources.codes_habit_json),
            ("codes-incident.json", PackageResources.codes_incident_json),
            ("codes-jurisdiction.json", PackageResources.codes_jurisdiction_json),
            ("codes-licence.json", PackageResources.codes_licence_json),
            ("codes-measure.json", PackageResources.codes_measure_json),
            ("codes-move.json", PackageResources.codes_move_json),
            ("codes-opinionConclusion.json", PackageResources.codes_opinionConclusion_json),
            ("codes-outcome.json", PackageResources.codes_outcome_json),
            ("codes-personCategory.json", PackageResources.codes_personCategory_json),
            ("codes-politics.json", PackageResources.codes_politics_json),
            ("codes-postChange.json", PackageResources.codes_postChange_json),
            ("codes-postLevel.json", PackageResources.codes_postLevel_json),
            ("codes-purpose.json", PackageResources.codes_purpose_json),
            ("codes-rank.json", PackageResources.codes_rank_json),
            ("codes-reportMode.json", PackageResources.codes_reportMode_json),
            ("codes-reporterClass.json", PackageResources.codes_reporterClass_json),
            ("codes-responsibilityGrade.json", PackageResources.codes_responsibilityGrade_json),
            ("codes-right.json", PackageResources.codes_right_json),
            ("codes-role.json", PackageResources.codes_role_json),
            ("codes-section.json", PackageResources.codes_section_json),
            ("codes-sex.json", PackageResources.codes_sex_json),
            ("codes-state.json", PackageResources.codes_state_json),
            ("codes-talk.json", PackageResources.codes_talk_json),
            ("codes-transition.json", PackageResources.codes_transition_json),
            ("codes-transportHome.json", PackageResources.codes_transportHome_json),
            ("codes-unitKind.json", PackageResources.codes_unitKind_json),
            ("codes-useEffect.json", PackageResources.codes_useEffect_json),
            ("codes-verifyDecision.json", PackageResources.codes_verifyDecision_json),
            ("codes-verifyKind.json", PackageResources.codes_verifyKind_json),
            ("codes-verifyResult.json", PackageResources.codes_verifyResult_json),
        ]
    }

    /// Rules with their editions (规则): `rules-<id>.json`.
    public static var rules: [File] {
        [
            ("rules-access.json", PackageResources.rules_access_json),
            ("rules-calendar.json", PackageResources.rules_calendar_json),
            ("rules-drinking.json", PackageResources.rules_drinking_json),
            ("rules-events.json", PackageResources.rules_events_json),
            ("rules-facts.json", PackageResources.rules_facts_json),
            ("rules-identity.json", PackageResources.rules_identity_json),
            ("rules-impact.json", PackageResources.rules_impact_json),
            ("rules-leads.json", PackageResources.rules_leads_json),
            ("rules-musts.json", PackageResources.rules_musts_json),
            ("rules-rank.json", PackageResources.rules_rank_json),
        ]
    }

    /// Sentences in both languages: `messages-<area>.json`.
    public static var messages: [File] {
        [
            ("messages-access.json", PackageResources.messages_access_json),
            ("messages-approve.json", PackageResources.messages_approve_json),
            ("messages-backup.json", PackageResources.messages_backup_json),
            ("messages-cli.json", PackageResources.messages_cli_json),
            ("messages-coverage.json", PackageResources.messages_coverage_json),
            ("messages-exit.json", PackageResources.messages_exit_json),
            ("messages-finding.json", PackageResources.messages_finding_json),
            ("messages-future.json", PackageResources.messages_future_json),
            ("messages-import.json", PackageResources.messages_import_json),
            ("messages-ledger.json", PackageResources.messages_ledger_json),
            ("messages-outcome.json", PackageResources.messages_outcome_json),
            ("messages-problem.json", PackageResources.messages_problem_json),
            ("messages-promotion.json", PackageResources.messages_promotion_json),
            ("messages-record.json", PackageResources.messages_record_json),
            ("messages-refusal.json", PackageResources.messages_refusal_json),
            ("messages-report.json", PackageResources.messages_report_json),
            ("messages-rule.json", PackageResources.messages_rule_json),
            ("messages-usage.json", PackageResources.messages_usage_json),
            ("messages-user.json", PackageResources.messages_user_json),
            ("messages-workflow.json", PackageResources.messages_workflow_json),
        ]
    }
}
