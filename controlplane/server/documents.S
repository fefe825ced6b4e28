/* SPDX-License-Identifier: MIT */
/* The files of api/ as they are; that folder is on the include path. */
	.section .rodata

	.globl usm_document_openapi
	.type usm_document_openapi, @object
usm_document_openapi:
	.incbin "openapi.yaml"
	.byte 0
	.size usm_document_openapi, . - usm_document_openapi

	.globl usm_document_instance_schema
	.type usm_document_instance_schema, @object
usm_document_instance_schema:
	.incbin "instance.schema.json"
	.byte 0
	.size usm_document_instance_schema, . - usm_document_instance_schema

	.section .note.GNU-stack, "", @progbits
