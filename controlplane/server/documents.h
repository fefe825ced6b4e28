/* SPDX-License-Identifier: MIT */
/*
 * documents.h - the interface's own description, part of the program, so that
 * what is served is what it was built with.
 */
#ifndef USM_CONTROLPLANE_DOCUMENTS_H
#define USM_CONTROLPLANE_DOCUMENTS_H

/* api/openapi.yaml and api/instance.schema.json, each ending in a NUL. */
extern const char usm_document_openapi[];
extern const char usm_document_instance_schema[];

#endif /* USM_CONTROLPLANE_DOCUMENTS_H */
